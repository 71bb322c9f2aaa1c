/**
 * Decides how many processes of one deployment to start and which of them to end, from what its host knows. Asked
 * again after every change, and when `lookAgainMs` is over.
 *
 * 1. So many are ready, or on their way to it, as runs wait or are likely to come while another one starts; at least
 *    `min`. All together are at most `max`, and fit into the host's memory.
 * 2. After a hand-over nothing starts until `quietUntil`, unless runs wait: the run that has just begun goes first.
 * 3. Where they fail to start, one at a time is tried, after a pause that doubles.
 * 4. A host that drains starts nothing.
 */
import type { Ms } from '../time.ts'
import type { ProcessLimits } from './pool-options.ts'

export type PoolChildState = 'starting' | 'ready' | 'busy' | 'leaving'

export interface PoolChild {
  /** Names it at its host. */
  readonly id: number
  readonly state: PoolChildState
  /** When it entered that state. All moments here are monotonic milliseconds. */
  readonly since: Ms
  readonly startedAt: Ms
  /** Names the code and the host's session that it was started for. */
  readonly version: string
  /** How many it was given. */
  readonly runs: number
  /** Null before it was looked at. */
  readonly memoryMb: number | null
}

export interface PoolFacts {
  readonly now: Ms
  readonly limits: Pick<ProcessLimits, 'isolation' | 'warm' | 'memoryMbMax' | 'runsMax' | 'ageMsMax'>
  readonly children: readonly PoolChild[]
  /** The version that is wanted; others are replaced. */
  readonly version: string
  /** Runs that nobody has room for. */
  readonly waiting: number
  /** When the last runs were handed over, in order. */
  readonly arrivals: readonly Ms[]
  /** How long one takes from its start until it is ready. */
  readonly startMs: Ms
  readonly quietUntil: Ms
  /** How many more fit into the host's memory. */
  readonly room: number
  /** How many may start at the same time. */
  readonly startsAtOnceMax: number
  readonly draining: boolean
  /** Starts that failed since the last one that did not, and when the last one did. */
  readonly failures: { readonly count: number; readonly lastAt: Ms }
}

export type RetireReason = 'draining' | 'version' | 'runs' | 'age' | 'memory' | 'idle'

export interface PoolPlan {
  readonly start: number
  readonly retire: readonly { readonly id: number; readonly reason: RetireReason }[]
  /** When time alone changes the answer; null where only an event can. */
  readonly lookAgainMs: Ms | null
}

/** Arrivals older than this say nothing about the next ones. */
export const ARRIVALS_MS = 10_000
const BACKOFF_MS_MIN = 250
const BACKOFF_MS_MAX = 30_000
// Of `memoryMbMax`: a process that is used again is replaced before it would die at its bound.
const MEMORY_SHARE_MAX = 0.75

/** 250 ms, 500 ms … 30 s. */
export const startBackoffMs = (failures: number): Ms =>
  failures === 0 ? 0 : Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (failures - 1))

/** The most arrivals that came within `windowMs` of each other, of those that still count. */
export function peakArrivals(arrivals: readonly Ms[], now: Ms, windowMs: Ms): number {
  const recent = arrivals.filter((at) => now - at < ARRIVALS_MS)
  let peak = 0
  let first = 0
  recent.forEach((at, index) => {
    while (at - (recent[first] ?? at) > windowMs) first++
    peak = Math.max(peak, index - first + 1)
  })
  return peak
}

/** Why a process is to leave, whoever else is there. */
function reasonToLeave(child: PoolChild, { now, limits, version, draining }: PoolFacts): RetireReason | null {
  if (child.state === 'leaving') return null
  // A fresh process that is at work leaves by itself.
  if (child.state === 'busy' && limits.isolation === 'fresh') return null
  if (draining) return 'draining'
  if (child.version !== version) return 'version'
  if (limits.isolation === 'fresh' || child.state !== 'ready') return null
  if (child.runs >= limits.runsMax) return 'runs'
  if (now - child.startedAt >= limits.ageMsMax) return 'age'
  return (child.memoryMb ?? 0) > limits.memoryMbMax * MEMORY_SHARE_MAX ? 'memory' : null
}

/** How many are to be ready or on their way. One that is used again is soon back, so arrivals ask for no more of them. Keeps 1. */
function wantedSpare({ limits: { warm, isolation }, waiting, arrivals, now, startMs }: PoolFacts, busy: number): number {
  const likely = isolation === 'fresh' ? peakArrivals(arrivals, now, startMs) : 0
  const wanted = Math.max(warm.min, waiting, likely)
  return Math.max(0, Math.min(wanted, warm.max - busy))
}

/** When starting is allowed again; not later than now where it is allowed. Keeps 2 and 3. */
function startFrom({ waiting, quietUntil, failures }: PoolFacts): Ms {
  const afterFailures = failures.count === 0 ? Number.NEGATIVE_INFINITY : failures.lastAt + startBackoffMs(failures.count)
  return Math.max(afterFailures, waiting > 0 ? Number.NEGATIVE_INFINITY : quietUntil)
}

/** Those that nobody is likely to need: ready for `idleMs`, longest first. */
function idle(ready: readonly PoolChild[], excess: number, { now, limits: { warm } }: PoolFacts): readonly PoolChild[] {
  if (excess <= 0) return []
  const over = ready.filter(({ since }) => now - since >= warm.idleMs)
  return over.sort((a, b) => a.since - b.since).slice(0, excess)
}

export function planPool(facts: PoolFacts): PoolPlan {
  const { now, children, room, startsAtOnceMax, draining, failures, limits } = facts
  const leaving = children.flatMap((child) => {
    const reason = reasonToLeave(child, facts)
    return reason === null ? [] : [{ id: child.id, reason }]
  })
  if (draining) return { start: 0, retire: leaving, lookAgainMs: null } // Keeps 4.
  const gone = new Set(leaving.map(({ id }) => id))
  const staying = children.filter(({ id, state }) => state !== 'leaving' && !gone.has(id))
  const inState = (wanted: PoolChildState) => staying.filter(({ state }) => state === wanted)
  const [starting, ready, busy] = [inState('starting'), inState('ready'), inState('busy')]

  const spare = starting.length + ready.length
  const missing = wantedSpare(facts, busy.length) - spare
  const from = startFrom(facts)
  const atOnce = (failures.count > 0 ? 1 : startsAtOnceMax) - starting.length
  const start = now < from ? 0 : Math.max(0, Math.min(missing, room, atOnce))
  const idlers = idle(ready, -missing, facts)

  const moments: Ms[] = []
  if (missing > 0 && now < from) moments.push(from)
  if (missing < 0 && idlers.length < -missing) {
    moments.push(...ready.filter((one) => !idlers.includes(one)).map(({ since }) => since + limits.warm.idleMs))
  }
  if (limits.isolation === 'reuse') moments.push(...ready.map(({ startedAt }) => startedAt + limits.ageMsMax))
  // What came lately keeps more of them ready; when it no longer counts, they may go.
  const oldest = facts.arrivals.find((at) => now - at < ARRIVALS_MS)
  if (oldest !== undefined && spare > limits.warm.min) moments.push(oldest + ARRIVALS_MS)
  const next = Math.min(...moments.filter((at) => at > now))
  return {
    start,
    retire: [...leaving, ...idlers.map(({ id }) => ({ id, reason: 'idle' as const }))],
    lookAgainMs: Number.isFinite(next) ? next - now : null,
  }
}
