import { ACCEPT, type Facts, type Rule } from './rule.ts'

/** Keeps I10: with somebody at work "Cancelled" has to wait until the work is gone; without it is Cancelled at once. */
export const cancelWhenGone: Rule = (facts) => {
  const { run, proposed, byExecutor } = facts
  const leased = run.sessionId !== null
  if (proposed.type === 'CANCELLING' && !leased && isIdle(facts)) {
    const message = proposed.message ?? 'Cancelled before it started.'
    return { kind: 'reject', instead: { type: 'CANCELLED', message }, reason: 'Nothing of this run has started yet.' }
  }
  if (proposed.type === 'CANCELLED' && leased && !byExecutor) {
    const instead = { type: 'CANCELLING', message: proposed.message ?? null } as const
    return { kind: 'reject', instead, reason: 'The run is being stopped; it is Cancelled when its work is gone.' }
  }
  return ACCEPT
}

/** Nobody has a process for it: it waits to be started, or has been suspended. */
function isIdle({ run }: Facts): boolean {
  const { type, name, details } = run.state
  if (type === 'SCHEDULED') return !run.kept?.infrastructure_pid || name === 'Resuming'
  return type === 'PAUSED' && details.pause_reschedule === true
}
