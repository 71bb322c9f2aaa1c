/**
 * Decides that an executor is gone. A closed socket alone is no death: the session ends at once when its process on
 * this machine is gone, otherwise 6 s after its channel closed or its beat stopped.
 */

import type { Registry, Session } from '../executors/registry.ts'
import type { Loop } from '../loop.ts'
import type { Clock, Processes } from '../ports.ts'

/** 6 s: three missed beats of 2 s. */
export const SESSION_GRACE_MS = 6_000
/** How often open sessions are looked at. A closed channel is looked at more often. */
const ROUND_MS = 1_000
const CLOSED_ROUND_MS = 50

export interface LivenessParts {
  readonly clock: Clock
  readonly processes: Processes
  readonly registry: Registry
  readonly end: (session: Session, reason: string) => Promise<void>
}

/** Why the session has ended, or null while it lives. */
export function reasonGone(session: Session, { clock, processes }: Pick<LivenessParts, 'clock' | 'processes'>): string | null {
  const who = `The executor ${session.name} (pid ${session.pid} on ${session.host})`
  const graceSeconds = SESSION_GRACE_MS / 1000
  if (session.closedAt !== null) {
    if (session.boot === clock.boot && !processes.alive(session.pid)) return `${who} is gone: its process has ended.`
    if (clock.monotonic() - session.closedAt > SESSION_GRACE_MS * 1000)
      return `${who} is gone: its channel was closed for ${graceSeconds} s.`
    return null
  }
  const silent = session.beatAt !== null && clock.monotonic() - session.beatAt > SESSION_GRACE_MS * 1000
  return silent ? `${who} is gone: its beat stopped for ${graceSeconds} s.` : null
}

export const liveness = (parts: LivenessParts): Loop => ({
  name: 'liveness of executors',
  async tick() {
    let pauseMs = ROUND_MS
    for (const session of [...parts.registry.sessions.values()]) {
      const reason = reasonGone(session, parts)
      if (reason !== null) await parts.end(session, reason)
      else if (session.closedAt !== null) pauseMs = CLOSED_ROUND_MS
    }
    return pauseMs
  },
})
