import type { FlowRun } from '../run.ts'
import { ACCEPT, type Rule } from './rule.ts'

/** Where nobody is at work for a run, there is nothing to stop: it is Cancelled at once. */
export const cancelIdleAtOnce: Rule = ({ run, proposed }) => {
  if (proposed.type !== 'CANCELLING' || run.sessionId !== null || !isIdle(run)) return ACCEPT
  const suspended = run.state.type === 'PAUSED'
  const message = proposed.message ?? (suspended ? 'Cancelled while it was suspended.' : 'Cancelled before it started.')
  return {
    kind: 'reject',
    instead: { type: 'CANCELLED', message },
    reason: 'Nothing of this run is at work, so there is nothing to stop.',
  }
}

/** It waits to be started, and nobody has made a process for it; or it has left its process. */
function isIdle({ state, kept }: FlowRun): boolean {
  if (state.type === 'SCHEDULED') return !kept?.infrastructure_pid || state.name === 'Resuming'
  return state.type === 'PAUSED' && state.details.pause_reschedule === true
}
