import { ACCEPT, type Rule } from './rule.ts'

/** A run that is being cancelled can only become Cancelled. */
export const cancellingEndsCancelled: Rule = ({ run, proposed }) => {
  if (run.state.type !== 'CANCELLING' || proposed.type === 'CANCELLED') return ACCEPT
  return { kind: 'reject', instead: null, reason: 'This run is being cancelled: it can only become Cancelled.' }
}
