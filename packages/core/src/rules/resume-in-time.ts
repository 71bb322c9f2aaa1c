import { isTerminal, STATE_NAMES } from '../states.ts'
import { parseIso } from '../time.ts'
import { ACCEPT, keep, type Rule } from './rule.ts'

/** What may follow a pause; past its time limit it can only fail, or be stopped. */
export const resumeInTime: Rule = ({ run, proposed, now }) => {
  if (run.state.type !== 'PAUSED') return ACCEPT
  const { type } = proposed
  const onward = type === 'RUNNING' || type === 'SCHEDULED' || type === 'CANCELLING' || isTerminal(type)
  if (!onward) return keep(`A run that is ${run.state.name} cannot become ${STATE_NAMES[type]}.`)
  const { pause_reschedule: leaves, pause_timeout: until } = run.state.details
  if (leaves === true && run.deploymentId === null) return keep('Without a deployment nothing would start this run again.')
  if (type === 'CANCELLING') return ACCEPT
  const limit = typeof until === 'string' ? parseIso(until) : undefined
  if (limit === undefined || limit >= now) return ACCEPT
  const message = `The run was ${run.state.name.toLowerCase()} and nobody resumed it in time.`
  return { kind: 'reject', instead: { type: 'FAILED', message }, reason: 'The time in which this run could be resumed is over.' }
}
