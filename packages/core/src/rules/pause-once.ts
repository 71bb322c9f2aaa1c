import { pauseKeysOf } from '../run-policy.ts'
import { ACCEPT, abort, keep, type Rule } from './rule.ts'

/** A run pauses while it runs, and once for each key. Suspending it ends its process, so something has to start it again. */
export const pauseOnce: Rule = ({ run, proposed }) => {
  if (proposed.type !== 'PAUSED') return ACCEPT
  const verb = proposed.name === 'Suspended' ? 'suspended' : 'paused'
  if (run.epoch > 0) return abort('A run of our own SDK cannot be paused yet.')
  if (run.state.type !== 'RUNNING') return keep(`Only a run that is running can be ${verb}: this one is ${run.state.name}.`)
  const { pause_key: key, pause_reschedule: leaves } = proposed.details ?? {}
  if (typeof key === 'string' && pauseKeysOf(run).includes(key)) {
    return keep(`This run has been ${verb} with the key ${key} before, and goes on.`)
  }
  if (leaves !== true) return ACCEPT
  if (run.parentTaskRunId !== null) return abort(`A subflow cannot be ${verb}: it runs in the process of its parent.`)
  return run.deploymentId === null ? abort(`A run without a deployment cannot be ${verb}: nothing would start it again.`) : ACCEPT
}
