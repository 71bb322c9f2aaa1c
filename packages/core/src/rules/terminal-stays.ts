import { isTerminal, STATE_NAMES } from '../states.ts'
import { ACCEPT, abort, type Facts, keep, type Rule, type Verdict } from './rule.ts'

/**
 * Keeps I3: what has ended stays so. What opens another attempt: scheduling a run of a deployment anew, and, where
 * none of our executors has had the run, whoever runs it starting it once more.
 */
export const terminalStays: Rule = (facts) => {
  const { run, proposed } = facts
  if (!isTerminal(run.state.type)) return ACCEPT
  if (run.epoch > 0) return afterOurExecutor(facts)
  if (proposed.type === 'CANCELLING' || proposed.type === 'PAUSED' || proposed.type === 'CRASHED') {
    return abort(`This run has ended already: it is ${run.state.name}.`)
  }
  if (isTerminal(proposed.type)) return keep(`This run has ended already: it is ${run.state.name}, and stays so.`)
  if (run.state.type === 'COMPLETED' && hasResult(run.state.data)) return keep('Run is already COMPLETED.')
  return proposed.type === 'SCHEDULED' ? needsDeployment(facts) : ACCEPT
}

function afterOurExecutor(facts: Facts): Verdict {
  const { run, proposed } = facts
  if (run.state.type === 'COMPLETED' && !isTerminal(proposed.type)) return keep('Run is already COMPLETED.')
  if (proposed.type !== 'SCHEDULED') return abort(`This run has already ended: it is ${run.state.name}, and stays so.`)
  return needsDeployment(facts)
}

const needsDeployment = ({ run }: Facts): Verdict =>
  run.deploymentId === null
    ? abort(`A run without a deployment cannot be scheduled again: it is ${STATE_NAMES[run.state.type]}.`)
    : ACCEPT

/** Prefect's clients name the place of a result that was stored; `unpersisted` says that none was. */
export const hasResult = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && (data as { type?: unknown }).type !== 'unpersisted'
