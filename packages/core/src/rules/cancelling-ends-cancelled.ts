import { ACCEPT, type Rule } from './rule.ts'

/** Keeps I10: a run that is being cancelled can only become Cancelled, and only its executor knows when. Asking twice changes nothing. */
export const cancellingEndsCancelled: Rule = ({ run, proposed, byExecutor }) => {
  if (run.state.type !== 'CANCELLING') return ACCEPT
  if (proposed.type === 'CANCELLED' && (byExecutor || run.sessionId === null)) return ACCEPT
  const asked = proposed.type === 'CANCELLED' || proposed.type === 'CANCELLING'
  const reason = asked
    ? 'This run is being cancelled already; it is Cancelled when its work is gone.'
    : 'This run is being cancelled: it can only become Cancelled.'
  return { kind: 'reject', instead: null, reason }
}
