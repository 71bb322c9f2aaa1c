import { ACCEPT, type Rule } from './rule.ts'

/** Keeps I10: with an executor at work "Cancelled" has to wait until it is gone; without one it is Cancelled at once. */
export const cancelWhenGone: Rule = ({ run, proposed, byExecutor }) => {
  const atWork = run.sessionId !== null
  if (proposed.type === 'CANCELLING' && !atWork && run.state.type !== 'RUNNING') {
    const message = proposed.message ?? 'Cancelled before it started.'
    return { kind: 'reject', instead: { type: 'CANCELLED', message }, reason: 'Nothing of this run has started yet.' }
  }
  if (proposed.type === 'CANCELLED' && atWork && !byExecutor) {
    const instead = { type: 'CANCELLING', message: proposed.message ?? null } as const
    return { kind: 'reject', instead, reason: 'The run is being stopped; it is Cancelled when its work is gone.' }
  }
  return ACCEPT
}
