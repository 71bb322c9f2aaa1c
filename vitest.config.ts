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
    // Real servers, threads and processes share two cores.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
