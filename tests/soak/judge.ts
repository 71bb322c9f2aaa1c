/**
 * Whether a soak shows a leak. Pure. Memory and disk go up and down, so medians are compared: of the first third after
 * the warm-up, and of the last third. Descriptors and processes must not be more at the end than they were at most in
 * the first third.
 */
import type { Sample } from './sample.ts'

/** Of memory and disk. */
export const GROWTH_MAX = 0.05
/** The server's log begins anew at 32 MB, when nobody is in the middle of something. */
const LOG_MB_MAX = 160
/** Below it, a part of memory says nothing. */
const SMALL_MB = 4

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

interface Measure {
  readonly name: string
  readonly of: (sample: Sample) => number
}

const LEVEL: readonly Measure[] = [
  { name: 'memory (RSS) of the server, in MB', of: ({ server }) => server.rssMb },
  { name: 'heap of the server, in MB', of: ({ server }) => server.heapMb },
  { name: 'memory (RSS) of the executor, in MB', of: ({ executor }) => executor.rssMb },
  { name: 'heap of the executor, in MB', of: ({ executor }) => executor.heapMb },
  { name: 'database on the disk, in MB', of: ({ databaseMb }) => databaseMb },
]

const COUNTED: readonly Measure[] = [
  { name: 'descriptors of the server', of: ({ server }) => server.descriptors },
  { name: 'descriptors of the executor', of: ({ executor }) => executor.descriptors },
  { name: 'threads of the server', of: ({ server }) => server.threads },
  { name: 'processes', of: ({ processes }) => processes },
]

export interface Judged {
  readonly name: string
  readonly before: number
  readonly after: number
  readonly ok: boolean
}

/** `samples` after the warm-up; needs three at least. */
export function judge(samples: readonly Sample[]): Judged[] {
  const third = Math.max(1, Math.floor(samples.length / 3))
  const first = samples.slice(0, third)
  const last = samples.slice(-third)
  const level = LEVEL.map(({ name, of }) => {
    const before = median(first.map(of))
    const after = median(last.map(of))
    return { name, before, after, ok: after <= before * (1 + GROWTH_MAX) || after - before < SMALL_MB }
  })
  const counted = COUNTED.map(({ name, of }) => {
    const before = Math.max(...first.map(of))
    const after = Math.min(...last.map(of))
    return { name, before, after, ok: after <= before }
  })
  const log = Math.max(...samples.map(({ logMb }) => logMb))
  const bounded = {
    name: `log of the database, in MB (at most ${LOG_MB_MAX})`,
    before: first[0]?.logMb ?? 0,
    after: log,
    ok: log <= LOG_MB_MAX,
  }
  return [...level, bounded, ...counted]
}
