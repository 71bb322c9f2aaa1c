import type { StateType } from '../states.ts'
import { STATE_NAMES } from '../states.ts'
import { ACCEPT, type Rule } from './rule.ts'

const TAKEN: ReadonlySet<StateType> = new Set(['PENDING', 'RUNNING', 'CANCELLING', 'CANCELLED'])

/** Two executors that race for a run: the second one is told to leave it. Another name within Pending is no race. */
export const pendingOnce: Rule = ({ run, proposed }) => {
  if (proposed.type !== 'PENDING' || !TAKEN.has(run.state.type)) return ACCEPT
  const renamed = run.state.type === 'PENDING' && (proposed.name ?? STATE_NAMES.PENDING) !== run.state.name
  return renamed
    ? ACCEPT
    : { kind: 'abort', reason: `This run is in a ${run.state.type} state and cannot transition to a PENDING state.` }
}
