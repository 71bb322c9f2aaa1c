/**
 * The user's program whose flows run in processes of their own: this file is the host's and each process's. What they
 * have read of the clock they write down, one line each, in a file that the bench reads.
 */
import { appendFileSync } from 'node:fs'
import { flow } from 'pilotflame'

const {
  BENCH_LINES = '',
  BENCH_ISOLATION = 'fresh',
  BENCH_WARM_MIN = '4',
  BENCH_WARM_MAX = '4',
  BENCH_WARM_IDLE_MS = '600000',
} = process.env

const write = (kind: string, n: number, at: bigint): void =>
  appendFileSync(BENCH_LINES, `${kind} ${n} ${Number(at) / 1e6} ${process.pid}\n`)

const hosted = flow('hosted', async ({ n, hold }: { n: number; hold?: boolean }, run) => {
  const at = process.hrtime.bigint()
  write('first', n, at)
  if (!hold) return
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => undefined, 1_000) // keeps it at work
    run.signal.addEventListener('abort', () => {
      write('abort', n, process.hrtime.bigint())
      clearInterval(timer)
      resolve()
    })
  })
})

await hosted.serve({
  on: 'bench.first-line',
  isolation: BENCH_ISOLATION === 'reuse' ? 'reuse' : 'fresh',
  warm: { min: Number(BENCH_WARM_MIN), max: Number(BENCH_WARM_MAX), idleMs: Number(BENCH_WARM_IDLE_MS) },
})
