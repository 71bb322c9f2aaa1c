import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'packages/**/*.test.ts',
      'examples/**/*.test.ts',
      'tests/*.test.ts',
      'tests/simulation/*.test.ts',
      'tests/chaos/*.test.ts',
      'tests/soak/*.test.ts',
      'bench/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**', 'tests/package/**'],
    // Three, where there are two cores: most tests wait for a process or a clock for a part of their time.
    maxWorkers: 3,
    // Files of one worker share what they import. Each cleans up after itself; 136 processes of their own cost a minute.
    isolate: false,
    // Real servers, threads and processes share the cores.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
