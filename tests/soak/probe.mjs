// Loaded into a process that is watched (`node --expose-gc --import`): answers SIGUSR2 with a line about its memory in
// SOAK_PROBE.<pid>. What is garbage is collected first, so that the heap shows what is held.
import { appendFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

if (isMainThread && process.env.SOAK_PROBE !== undefined) {
  process.on('SIGUSR2', () => {
    globalThis.gc?.()
    appendFileSync(`${process.env.SOAK_PROBE}.${process.pid}`, `${JSON.stringify(process.memoryUsage())}\n`)
  })
}
