/**
 * What may follow which state of a task run, where a client asks the server: its engine decides for its own task runs
 * and only tells the outcome. Cached results by key, and limits by tag, are left out: clients keep both themselves.
 */
import type { FlowRun } from '../run.ts'
import { isTerminal, type StateProposal } from '../states.ts'
import type { TaskRun } from '../task-run.ts'
import { MICROS_PER_SECOND } from '../time.ts'
import { keepDueTime } from './keep-due-time.ts'
import { pendingOnce } from './pending-once.ts'
import { ACCEPT, abort, keep, type RuleFor, type RunFacts } from './rule.ts'
import { hasResult } from './terminal-stays.ts'
import { waitUntilDue } from './wait-until-due.ts'

export interface TaskFacts extends RunFacts {
  readonly run: TaskRun
  /** Null for a task that was called outside of a flow. */
  readonly flowRun: Pick<FlowRun, 'state' | 'runCount'> | null
}
export type TaskRule = RuleFor<TaskFacts>

/** A stored result stays, and what has ended is not stopped any more. Everything else may run again. */
export const endedTaskStays: TaskRule = ({ run, proposed }) => {
  if (!isTerminal(run.state.type)) return ACCEPT
  if (proposed.type === 'CANCELLING' || proposed.type === 'PAUSED' || proposed.type === 'CRASHED') {
    return abort(`This task run has ended already: it is ${run.state.name}.`)
  }
  return run.state.type === 'COMPLETED' && hasResult(run.state.data) ? keep('This task run is COMPLETED already.') : ACCEPT
}

/** A task runs while its flow does. */
export const flowMustRun: TaskRule = ({ proposed, flowRun }) => {
  if (proposed.type !== 'RUNNING' || flowRun === null || flowRun.state.type === 'RUNNING') return ACCEPT
  const { type, name, details } = flowRun.state
  if (type !== 'PAUSED') return abort(`The flow run is ${name}: its tasks start while it is Running.`)
  const { pause_timeout = null, pause_reschedule = false } = details
  const instead: Omit<StateProposal, 'id'> = { type: 'PAUSED', name: 'NotReady', details: { pause_timeout, pause_reschedule } }
  return { kind: 'reject', instead, reason: 'The flow run is paused: its tasks start when it is resumed.' }
}

/** A failed attempt is tried again while retries are left, unless the client says that this failure is final. */
export const retryFailedTask: TaskRule = ({ run, proposed, now }) => {
  if (run.state.type !== 'RUNNING' || proposed.type !== 'FAILED' || proposed.details?.retriable === false) return ACCEPT
  const { retries, retry_delay: delay } = run.kept?.empirical_policy ?? {}
  if (typeof retries !== 'number' || run.runCount > retries) return ACCEPT
  const delays = Array.isArray(delay) ? delay : [delay]
  const seconds = delays[Math.min(Math.max(run.runCount - 1, 0), delays.length - 1)]
  const instead: Omit<StateProposal, 'id'> = {
    type: 'SCHEDULED',
    name: 'AwaitingRetry',
    message: proposed.message ?? null,
    ...(proposed.data === undefined ? {} : { data: proposed.data }),
    scheduledAt: now + Math.round((typeof seconds === 'number' ? seconds : 0) * MICROS_PER_SECOND),
  }
  return { kind: 'reject', instead, reason: 'Retrying' }
}

/** Running again has names of its own: `Retrying` after a failure that is tried again, else `Rerunning`. */
export const nameReruns: TaskRule = ({ run, proposed, flowRun }) => {
  if (proposed.type !== 'RUNNING') return ACCEPT
  const ended = isTerminal(run.state.type)
  const flowRetries = ended && flowRun !== null && (run.kept?.flow_run_run_count ?? 0) < flowRun.runCount
  if (flowRetries) return { kind: 'accept', amended: { name: 'Retrying' } }
  // What has ended starts to count anew.
  if (ended || run.runCount === 0) return ACCEPT
  return { kind: 'accept', amended: { name: run.state.name === 'AwaitingRetry' ? 'Retrying' : 'Rerunning' } }
}

/** Rules for task runs, most important first. */
export const taskRunPolicy: readonly TaskRule[] = [
  endedTaskStays,
  flowMustRun,
  keepDueTime,
  waitUntilDue,
  retryFailedTask,
  nameReruns,
]
/** For a task that is given to a worker of tasks: two of those may race for it. */
export const deferredTaskPolicy: readonly TaskRule[] = [pendingOnce, ...taskRunPolicy.filter((rule) => rule !== flowMustRun)]
/** Whoever forces a state passes by the rules. */
export const forcedTaskPolicy: readonly TaskRule[] = []
