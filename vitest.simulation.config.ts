import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['tests/simulation/verify/*.test.ts'], testTimeout: 300_000, hookTimeout: 30_000, maxConcurrency: 2 },
})
