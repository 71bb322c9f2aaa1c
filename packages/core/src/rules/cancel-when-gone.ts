import { ACCEPT, type Rule } from './rule.ts'

/** Keeps I10: while an executor of ours is at work "Cancelled" has to wait until it is gone. */
export const cancelWhenGone: Rule = ({ run, proposed, byExecutor }) => {
  if (proposed.type !== 'CANCELLED' || run.sessionId === null || byExecutor) return ACCEPT
  const instead = { type: 'CANCELLING', message: proposed.message ?? null } as const
  return { kind: 'reject', instead, reason: 'The run is being stopped; it is Cancelled when its work is gone.' }
}
