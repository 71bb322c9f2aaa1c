import { isTerminal, STATE_NAMES } from '../states.ts'
import { ACCEPT, type Rule } from './rule.ts'

/** Keeps I3: what has ended stays so. Only scheduling the run anew, which needs a deployment, opens another attempt. */
export const terminalStays: Rule = ({ run, proposed }) => {
  if (!isTerminal(run.state.type)) return ACCEPT
  if (run.state.type === 'COMPLETED' && !isTerminal(proposed.type)) {
    return { kind: 'reject', instead: null, reason: 'Run is already COMPLETED.' }
  }
  if (proposed.type !== 'SCHEDULED') {
    return { kind: 'abort', reason: `This run has already ended: it is ${run.state.name}, and stays so.` }
  }
  if (run.deploymentId === null) {
    return {
      kind: 'abort',
      reason: `A run without a deployment cannot be scheduled again: it is ${STATE_NAMES[run.state.type]}.`,
    }
  }
  return ACCEPT
}
