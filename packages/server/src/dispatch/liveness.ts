/**
 * Decides that an executor is gone. A closed socket alone is no death: the session ends at once when its process on
 * this machine is gone, otherwise 6 s after its channel closed or its beat stopped. Where a host is there to say how
 * its process ended, its word is waited for.
 */
import type { RunEnding } from '@pilotflame/core'
import type { Registry } from '../executors/registry.ts'
import type { Session } from '../executors/session.ts'
import type { Loop } from '../loop.ts'
import type { Clock, Processes } from '../ports.ts'
import { endingOf } from './end-session.ts'

/** 6 s: three missed beats of 2 s. */
export const SESSION_GRACE_MS = 6_000
/**
 * A host that is connected has so long to say how its process ended. It reads the exit as soon as the server reads the
 * closed channel, and waits 0.2 s at most for the last lines; the rest is for a machine that is busy.
 */
const HOST_WORD_MS = 2_000
/** How often open sessions are looked at. A closed channel is looked at more often. */
const ROUND_MS = 1_000
const CLOSED_ROUND_MS = 50

export interface LivenessParts {
  readonly clock: Clock
  readonly processes: Processes
  readonly registry: Registry
  readonly end: (session: Session, ending: RunEnding) => Promise<void>
  /** Clears up after sessions that have ended. */
  readonly sweep: () => Promise<void>
}

type Seen = Pick<LivenessParts, 'clock' | 'processes' | 'registry'>

/** Why the session has ended, or null while it lives. */
export function reasonGone(session: Session, { clock, processes, registry }: Seen): string | null {
  const who = `The executor ${session.name} (pid ${session.pid} on ${session.host})`
  const graceSeconds = SESSION_GRACE_MS / 1000
  const passed = (since: number, ms: number): boolean => clock.monotonic() - since > ms * 1000
  if (session.closedAt !== null) {
    if (session.boot === clock.boot && !processes.alive(session.pid)) {
      const host = session.hostSessionId === null ? undefined : registry.sessions.get(session.hostSessionId)
      if (host?.peer && !passed(session.closedAt, HOST_WORD_MS)) return null
      return `${who} is gone: its process has ended.`
    }
    return passed(session.closedAt, SESSION_GRACE_MS) ? `${who} is gone: its channel was closed for ${graceSeconds} s.` : null
  }
  const silent = session.beatAt !== null && passed(session.beatAt, SESSION_GRACE_MS)
  return silent ? `${who} is gone: its beat stopped for ${graceSeconds} s.` : null
}

/** Its host has said that it is gone, and its channel is still open: something else holds it. */
const saidGone = ({ ending, endingAt }: Session, clock: Clock): RunEnding | null =>
  ending !== null && endingAt !== null && clock.monotonic() - endingAt > HOST_WORD_MS * 1000 ? ending : null

export function liveness(parts: LivenessParts): Loop {
  const { registry, clock, end, sweep } = parts
  let sweptAt = clock.monotonic()
  return {
    name: 'liveness of executors',
    async tick() {
      let pauseMs = ROUND_MS
      for (const session of [...registry.sessions.values()]) {
        const reason = reasonGone(session, parts)
        const ending = saidGone(session, clock) ?? (reason === null ? null : endingOf(session, reason))
        if (ending !== null) await end(session, ending)
        else if (session.closedAt !== null || session.ending !== null) pauseMs = CLOSED_ROUND_MS
      }
      if (clock.monotonic() - sweptAt < ROUND_MS * 1000) return pauseMs
      sweptAt = clock.monotonic()
      await sweep()
      return pauseMs
    },
  }
}
