/**
 * A flow run's policy in Prefect's spelling (`empirical_policy`): retries, and what pausing has to remember. A run of
 * our own SDK has none; its retries stand in the run itself.
 */
import type { Json } from './json.ts'
import type { FlowRun } from './run.ts'
import { isTerminal, type State } from './states.ts'

const MS_PER_SECOND = 1_000

export type RunPolicy = Readonly<Record<string, Json>>

const numberOf = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null)

/** How often, and after which pause; the older spelling counts where the newer one says nothing. */
export function retriesOf(policy: RunPolicy): { readonly retries: number; readonly retryDelayMs: number } {
  const retries = numberOf(policy.retries) || numberOf(policy.max_retries) || 0
  const delay = numberOf(policy.retry_delay) || numberOf(policy.retry_delay_seconds) || 0
  return { retries, retryDelayMs: Math.round(delay * MS_PER_SECOND) }
}

const policyOf = (run: FlowRun): RunPolicy => run.kept?.empirical_policy ?? {}

/** Pauses with these keys have been made in this attempt. */
export function pauseKeysOf(run: FlowRun): readonly string[] {
  const { pause_keys: keys } = policyOf(run)
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : []
}

/** True from the end of a pause until the run is Running: that entry is no new attempt. */
export const isResuming = (run: FlowRun): boolean => policyOf(run).resuming === true

/** What pausing remembers, once `run` has entered `state`; the run's own `kept` where nothing of it changes. */
export function keptAfter(run: FlowRun, state: State, forced: boolean): FlowRun['kept'] {
  const changes = forced ? afterStart(state) : changesOf(run, state)
  const policy = policyOf(run)
  const same = Object.entries(changes).every(([name, value]) => isSame(policy[name], value))
  return same ? run.kept : { ...run.kept, empirical_policy: { ...policy, ...changes } }
}

function changesOf(run: FlowRun, state: State): RunPolicy {
  const { type } = state
  const fresh = { pause_keys: [], resuming: false }
  if (type === 'PAUSED') return { pause_keys: [...pauseKeysOf(run), keyOf(state)] }
  // Whoever proposed the failure goes on by itself; a run that an executor of ours holds is given to one again.
  if (run.state.type === 'RUNNING' && state.name === 'AwaitingRetry' && run.epoch === 0) {
    return { ...fresh, retry_type: 'in_process' }
  }
  if (isTerminal(run.state.type) && !isTerminal(type)) {
    return { ...fresh, retry_type: type === 'SCHEDULED' && run.epoch === 0 ? 'reschedule' : null }
  }
  if (run.state.type === 'PAUSED') return { resuming: true }
  // Its retries are used up: whoever schedules it anew starts another process for it.
  if (run.state.type === 'RUNNING' && type === 'FAILED' && run.epoch === 0) return { resuming: false, retry_type: null }
  return afterStart(state)
}

const afterStart = ({ type }: State): RunPolicy => (type === 'RUNNING' || isTerminal(type) ? { resuming: false } : {})

const keyOf = ({ id, details }: State): string => (typeof details.pause_key === 'string' ? details.pause_key : id)

/** A value that is not there counts as the one it has when nobody set it. */
function isSame(known: Json | undefined, value: Json | undefined): boolean {
  if (Array.isArray(value) && value.length === 0) return known === undefined || (Array.isArray(known) && known.length === 0)
  return known === value || (known === undefined && (value === null || value === false))
}
