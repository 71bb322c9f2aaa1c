import { pathToFileURL } from 'node:url'
import { defineConfig, type Plugin } from 'vitest/config'

/** A thread that a test starts is the built one: with its hundreds of sources it takes five times as long to start. */
const builtThreads: Plugin = {
  name: 'built-threads',
  enforce: 'pre',
  transform(code, id) {
    if (!/\/src\/(store\/reader|executor\/heart)\.ts$/.test(id)) return
    const dist = pathToFileURL(`${import.meta.dirname}/packages/pilotflame/dist`)
    return { code: code.replace(/'\.\/(\w+-thread)\.ts'/, `'${dist}/$1.js'`), map: null }
  },
}

export default defineConfig({
  plugins: [builtThreads],
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
    globalSetup: 'tests/harness/build-first.mjs',
    // Three, where there are two cores: most tests wait for a process or a clock for a part of their time.
    maxWorkers: 3,
    // Files of one worker share what they import. Each cleans up after itself; 136 processes of their own cost a minute.
    isolate: false,
    // Real servers, threads and processes share the cores.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
