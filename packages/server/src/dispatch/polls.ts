/**
 * Polls of Prefect's runners, held open until a run is there. A runner asks for runs of its deployments, and claims one
 * by proposing Pending: what it was told is a hint (I7), so a run that nobody claims is told again.
 *
 * 1. A poll that could be answered is answered at once; the others wait in the order in which they came.
 * 2. A run is told to one poll at a time, so that two runners do not race for it; after a moment without a claim, to another.
 * 3. What stands here is memory. The run is read again before it is told.
 * 4. Who asks for the first time may want to know no more than what is there now, as `Runner.start(run_once=True)` does:
 *    that one is answered after a while. Who asks again is a runner at work, and is held for as long as it likes.
 */
import type { FlowRun, Micros, Ms } from '@pilotflame/core'
import type { Polls } from '../app.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import type { WaitingRun } from '../store/store.ts'

/** A runner claims a run within some milliseconds; after so long another one is told of it. */
const CLAIM_MS = 2_000
/** Runs that come together are told together. */
const GATHER_MS = 1
/** So long the first poll is held at most; one that comes so long after the last one is not the first. */
export const FIRST_HOLD_MS = 20_000
const COMES_BACK_MS = 30_000
/** Timers hold no longer than this, so a clock that jumps is noticed. */
const LOOK_AGAIN_MS = 1_000
/** A deployment is READY for so long after its last poll; Prefect's figure. */
const POLLED_MICROS = 60_000_000

interface Held {
  readonly deploymentIds: readonly string[]
  /** Runs are told so long before they are due. */
  readonly aheadMicros: number
  readonly limit: number
  /** True when it was answered, or whoever asked has left. */
  isOver(): boolean
  answer(runs: readonly FlowRun[]): void
  fail(error: unknown): void
}

export function createPolls(core: EngineCore): Polls {
  const { registry, clock } = core
  const held = new Set<Held>()
  const polledAt = new Map<string, Micros>()
  /** Run id → until when nobody else is told of it, on the monotonic clock. */
  const told = new Map<string, number>()
  /** Which deployments were asked for together → when that ended, on the monotonic clock. */
  const endedAt = new Map<string, number>()
  let stopTimer: (() => void) | null = null
  let timerAt = Number.POSITIVE_INFINITY

  const asksFor = (deploymentId: string): boolean => {
    for (const { deploymentIds } of held) if (deploymentIds.includes(deploymentId)) return true
    return false
  }

  /** Looks at all held polls after `delayMs`, or before that if it was to be so already. */
  const lookIn = (delayMs: Ms): void => {
    const at = clock.monotonic() + delayMs * 1_000
    if (at >= timerAt) return
    stopTimer?.()
    timerAt = at
    stopTimer = clock.after(delayMs, () => {
      stopTimer = null
      timerAt = Number.POSITIVE_INFINITY
      for (const poll of [...held]) look(poll)
      sleep()
    })
  }

  /** Until the next run is due, or may be told again. */
  const sleep = (): void => {
    const now = clock.now()
    const mono = clock.monotonic()
    let first = Number.POSITIVE_INFINITY
    for (const { deploymentIds, aheadMicros } of held) {
      for (const id of deploymentIds) {
        for (const run of registry.waitingOf(id)) {
          const free = (told.get(run.id) ?? mono) - mono
          first = Math.min(first, Math.max(run.dueAt - aheadMicros - now, free))
        }
      }
    }
    if (first < Number.POSITIVE_INFINITY) lookIn(Math.min(LOOK_AGAIN_MS, Math.max(GATHER_MS, Math.ceil(first / 1_000))))
  }

  const dueFor = ({ deploymentIds, aheadMicros, limit }: Held): WaitingRun[] => {
    const [now, mono] = [clock.now(), clock.monotonic()]
    const due: WaitingRun[] = []
    for (const id of new Set(deploymentIds)) {
      for (const run of registry.waitingOf(id)) {
        if (run.dueAt <= now + aheadMicros && (told.get(run.id) ?? 0) <= mono) due.push(run)
      }
    }
    return due.sort((a, b) => a.dueAt - b.dueAt).slice(0, limit)
  }

  const look = (poll: Held): void => {
    const due = dueFor(poll)
    if (due.length === 0) return
    held.delete(poll)
    const mono = clock.monotonic()
    for (const [id, until] of told) if (until <= mono) told.delete(id)
    for (const { id } of due) told.set(id, mono + CLAIM_MS * 1_000)
    tell(poll, due).catch(poll.fail)
  }

  const tell = async (poll: Held, due: readonly WaitingRun[]): Promise<void> => {
    const found = await Promise.all(due.map(({ id }) => core.store.find.findRun(id)))
    const runs = found.filter((run) => run !== undefined).filter(isForRunners)
    if (runs.length > 0) return poll.answer(runs)
    if (poll.isOver()) return
    held.add(poll)
    sleep()
  }

  const lastPolled = (deploymentId: string): Micros | null =>
    asksFor(deploymentId) ? clock.now() : (polledAt.get(deploymentId) ?? null)

  const note = (deploymentIds: readonly string[]): void => {
    const now = clock.now()
    for (const id of deploymentIds) polledAt.set(id, now)
  }

  registry.polledAt = lastPolled
  registry.onQueued = (deploymentId) => {
    if (held.size > 0 && asksFor(deploymentId)) lookIn(GATHER_MS)
  }

  return {
    hold({ deploymentIds, aheadMs, limit, signal }) {
      note(deploymentIds)
      const key = [...deploymentIds].sort().join()
      const mono = clock.monotonic()
      for (const [known, at] of endedAt) if (mono - at > COMES_BACK_MS * 1_000) endedAt.delete(known)
      const isFirst = !endedAt.has(key)
      return new Promise((resolve, reject) => {
        let over = false
        const end = (settle: () => void): void => {
          if (over) return
          over = true
          held.delete(poll)
          note(deploymentIds)
          endedAt.set(key, clock.monotonic())
          stopHold()
          settle()
        }
        const poll: Held = {
          deploymentIds,
          aheadMicros: aheadMs * 1_000,
          limit,
          isOver: () => over,
          answer: (runs) => end(() => resolve(runs)),
          fail: (error) => end(() => reject(error)),
        }
        const stopHold = isFirst ? clock.after(FIRST_HOLD_MS, () => poll.answer([])) : () => undefined
        signal.addEventListener('abort', () => poll.fail(signal.reason))
        held.add(poll)
        look(poll)
        if (held.has(poll)) sleep()
      })
    },

    lastPolled,

    polled() {
      const since = clock.now() - POLLED_MICROS
      const recent = [...polledAt].filter(([, at]) => at > since).map(([id]) => id)
      return [...new Set([...recent, ...[...held].flatMap(({ deploymentIds }) => deploymentIds)])]
    },
  }
}

/** A run that its own process tries again is nobody else's. */
const isForRunners = ({ state, kept }: FlowRun): boolean =>
  state.type === 'SCHEDULED' && kept?.empirical_policy?.retry_type !== 'in_process'
