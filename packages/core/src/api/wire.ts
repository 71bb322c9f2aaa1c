/** Domain → wire: how runs, states, flows and the rest look in the API's answers. Pure; used by routes and readers. */
import type { Deployment, Flow } from '../deployment.ts'
import type { Event } from '../events.ts'
import type { Json, JsonObject } from '../json.ts'
import { type Mark, type TimelinePart, timelineOf } from '../marks.ts'
import type { FlowRun } from '../run.ts'
import { isTerminal, type State } from '../states.ts'
import type { Log, TaskRun } from '../task-run.ts'
import { MICROS_PER_SECOND, type Micros, toIso, toIsoOrNull } from '../time.ts'
import type { Variable } from '../variable.ts'
import type { WhyRun } from '../why/facts.ts'
import type {
  DeploymentWire,
  EventWire,
  FlowRunWire,
  FlowWire,
  LogWire,
  RunInputWire,
  RunWhyWire,
  StateWire,
  TaskRunWire,
  TimelineWire,
  VariableWire,
} from './wire-types.ts'

const seconds = (micros: number): number => micros / MICROS_PER_SECOND

/** Every field of Prefect's StateDetails with the value it has when nobody set it. */
const STATE_DETAILS = {
  flow_run_id: null,
  task_run_id: null,
  child_flow_run_id: null,
  scheduled_time: null,
  cache_key: null,
  cache_expiration: null,
  deferred: false,
  untrackable_result: false,
  pause_timeout: null,
  pause_reschedule: false,
  pause_key: null,
  run_input_keyset: null,
  refresh_cache: null,
  retriable: null,
  transition_id: null,
  task_parameters_id: null,
  traceparent: null,
  deployment_concurrency_lease_id: null,
} as const

/** Which run a state belongs to; stands in its details. */
export interface StateOwner {
  readonly flowRunId?: string
  readonly taskRunId?: string
}

export const stateToWire = (state: State, { flowRunId, taskRunId }: StateOwner = {}): StateWire => ({
  id: state.id,
  type: state.type,
  name: state.name,
  timestamp: toIso(state.at),
  message: state.message,
  data: state.data,
  state_details: {
    ...STATE_DETAILS,
    ...state.details,
    ...(flowRunId === undefined ? {} : { flow_run_id: flowRunId }),
    ...(taskRunId === undefined ? {} : { task_run_id: taskRunId }),
    scheduled_time: toIsoOrNull(state.scheduledAt),
  },
})

/** Milliseconds from `received` to `mark` in the run's last attempt that has marks. */
function reached(parts: readonly TimelinePart[], mark: Mark): number | null {
  return parts.find((part) => part.mark === mark)?.at_ms ?? null
}

const attemptsOf = (run: FlowRun): readonly number[] =>
  Object.keys(run.marks)
    .map(Number)
    .sort((a, b) => a - b)

function partsOf(run: FlowRun, attempt: number | undefined): readonly TimelinePart[] {
  const marks = attempt === undefined ? undefined : run.marks[String(attempt)]
  return marks ? timelineOf(marks) : []
}

interface Timed {
  readonly state: State
  readonly expectedStartAt: Micros | null
  readonly startAt: Micros | null
}

/** Seconds of an attempt that runs now. */
const runsSince = ({ state }: Timed, now: Micros | undefined): number =>
  now === undefined || state.type !== 'RUNNING' ? 0 : Math.max(0, seconds(now - state.at))

/** Seconds from when it was expected to when it started; of one that has not started, to now. */
function lateness({ state, expectedStartAt, startAt }: Timed, now: Micros | undefined): number {
  if (expectedStartAt === null) return 0
  const until = startAt ?? (isTerminal(state.type) ? undefined : now)
  return until === undefined ? 0 : Math.max(0, seconds(until - expectedStartAt))
}

/** Prefect's FlowRunResponse. With `now`, what still runs or waits is counted up to that moment. */
export function flowRunToWire(run: FlowRun, now?: Micros): FlowRunWire {
  const last = partsOf(run, attemptsOf(run).at(-1))
  const kept = run.kept ?? {}
  return {
    id: run.id,
    created: toIso(run.createdAt),
    updated: toIso(run.updatedAt),
    name: run.name,
    flow_id: run.flowId,
    state_id: run.state.id,
    deployment_id: run.deploymentId,
    deployment_version: kept.deployment_version ?? null,
    work_queue_id: null,
    work_queue_name: kept.work_queue_name ?? null,
    work_pool_id: null,
    work_pool_name: null,
    flow_version: kept.flow_version ?? null,
    parameters: run.parameters,
    idempotency_key: run.idempotencyKey,
    context: kept.context ?? {},
    empirical_policy: {
      max_retries: 0,
      retry_delay_seconds: 0,
      // Prefect's client puts its flow's own retries in where there are none.
      retries: run.retries === 0 ? null : run.retries,
      retry_delay: run.retryDelayMs === 0 ? null : Math.round(run.retryDelayMs / 1000),
      pause_keys: [],
      resuming: false,
      retry_type: null,
      ...kept.empirical_policy,
    },
    tags: run.tags,
    labels: run.labels,
    parent_task_run_id: run.parentTaskRunId,
    state_type: run.state.type,
    state_name: run.state.name,
    run_count: run.runCount,
    expected_start_time: toIsoOrNull(run.expectedStartAt),
    next_scheduled_start_time: toIsoOrNull(run.nextScheduledAt),
    start_time: toIsoOrNull(run.startAt),
    end_time: toIsoOrNull(run.endAt),
    total_run_time: seconds(run.totalRunMicros),
    estimated_run_time: seconds(run.totalRunMicros) + runsSince(run, now),
    estimated_start_time_delta: lateness(run, now),
    auto_scheduled: kept.auto_scheduled ?? false,
    infrastructure_document_id: kept.infrastructure_document_id ?? null,
    infrastructure_pid: kept.infrastructure_pid ?? null,
    created_by: run.createdBy,
    state: stateToWire(run.state, { flowRunId: run.id }),
    job_variables: kept.job_variables ?? null,
    epoch: run.epoch,
    attempt: run.runCount,
    cause_event_id: run.causeEventId,
    chain_depth: run.chainDepth,
    first_line_ms: reached(last, 'first_line'),
    first_output_ms: reached(last, 'first_output'),
  }
}

/** Prefect's Flow. */
export const flowToWire = (flow: Flow): FlowWire => ({
  id: flow.id,
  created: toIso(flow.createdAt),
  updated: toIso(flow.updatedAt),
  name: flow.name,
  tags: flow.tags,
  labels: flow.labels,
})

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
const number = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null)
const list = (value: Json | undefined): readonly Json[] | null => (Array.isArray(value) ? (value as readonly Json[]) : null)
const object = (value: Json | undefined): JsonObject | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null

/** What the live server knows of a deployment. */
export interface DeploymentUse {
  /** Somebody would start a run of it now. */
  readonly ready?: boolean
  /** When a runner of Prefect's last asked for runs of it. */
  readonly lastPolled?: Micros | null
}

/** Prefect's DeploymentResponse. */
export function deploymentToWire(
  deployment: Deployment,
  { ready = false, lastPolled = null }: DeploymentUse = {},
): DeploymentWire {
  const { kept } = deployment
  const schedules = (list(kept.schedules) ?? []) as readonly JsonObject[]
  return {
    id: deployment.id,
    created: toIso(deployment.createdAt),
    updated: toIso(deployment.updatedAt),
    name: deployment.name,
    version: deployment.version,
    description: deployment.description,
    flow_id: deployment.flowId,
    paused: deployment.paused,
    schedules: schedules.map((one) => ({ ...one, deployment_id: deployment.id })),
    concurrency_limit: number(kept.concurrency_limit),
    global_concurrency_limit: null,
    concurrency_options: object(kept.concurrency_options),
    job_variables: object(kept.job_variables) ?? {},
    parameters: deployment.parameters,
    tags: deployment.tags,
    labels: deployment.labels,
    work_queue_name: text(kept.work_queue_name),
    work_queue_id: null,
    work_pool_name: text(kept.work_pool_name),
    last_polled: toIsoOrNull(lastPolled),
    parameter_openapi_schema: deployment.parameterSchema,
    path: text(kept.path),
    pull_steps: list(kept.pull_steps),
    entrypoint: deployment.entrypoint,
    storage_document_id: text(kept.storage_document_id),
    infrastructure_document_id: text(kept.infrastructure_document_id),
    created_by: deployment.createdBy,
    updated_by: null,
    status: ready ? 'READY' : 'NOT_READY',
    enforce_parameter_schema: deployment.enforceParameterSchema,
    flow_name: deployment.flowName,
  }
}

const TASK_POLICY = { max_retries: 0, retry_delay_seconds: 0, retries: null, retry_delay: null, retry_jitter_factor: null }

/** Prefect's TaskRun. */
export function taskRunToWire(run: TaskRun, now?: Micros): TaskRunWire {
  const kept = run.kept ?? {}
  const ran = kept.total_run_time ?? (run.startAt === null || run.endAt === null ? 0 : seconds(run.endAt - run.startAt))
  const expectedStartAt = run.expectedStartAt ?? run.startAt
  return {
    id: run.id,
    created: toIso(run.createdAt),
    updated: toIso(run.updatedAt),
    name: run.name,
    flow_run_id: run.flowRunId,
    task_key: run.taskKey,
    dynamic_key: run.dynamicKey,
    cache_key: kept.cache_key ?? null,
    cache_expiration: kept.cache_expiration ?? null,
    task_version: kept.task_version ?? null,
    empirical_policy: { ...TASK_POLICY, ...kept.empirical_policy },
    tags: run.tags,
    labels: kept.labels ?? {},
    state_id: run.state.id,
    task_inputs: kept.task_inputs ?? {},
    state_type: run.state.type,
    state_name: run.state.name,
    run_count: run.runCount,
    flow_run_run_count: kept.flow_run_run_count ?? 0,
    expected_start_time: toIsoOrNull(expectedStartAt),
    next_scheduled_start_time: toIsoOrNull(run.state.scheduledAt),
    start_time: toIsoOrNull(run.startAt),
    end_time: toIsoOrNull(run.endAt),
    total_run_time: ran,
    estimated_run_time: ran + runsSince(run, now),
    estimated_start_time_delta: lateness({ ...run, expectedStartAt }, now),
    state: stateToWire(run.state, { taskRunId: run.id, ...(run.flowRunId === null ? {} : { flowRunId: run.flowRunId }) }),
  }
}

/** Prefect's Log. */
export const logToWire = (log: Log): LogWire => ({
  id: log.id,
  created: toIso(log.at),
  updated: toIso(log.at),
  name: log.name,
  level: log.level,
  message: log.message,
  timestamp: toIso(log.at),
  flow_run_id: log.flowRunId,
  task_run_id: log.taskRunId,
})

/** Prefect's Variable. */
export const variableToWire = (variable: Variable): VariableWire => ({
  id: variable.id,
  created: toIso(variable.createdAt),
  updated: toIso(variable.updatedAt),
  name: variable.name,
  value: variable.value,
  tags: variable.tags,
})

/** Prefect's ReceivedEvent. */
export const eventToWire = (event: Event): EventWire => ({
  id: event.id,
  occurred: toIso(event.occurred),
  event: event.event,
  resource: event.resource,
  related: event.related,
  payload: event.payload,
  follows: event.follows,
  received: toIso(event.received),
  chain_depth: event.chainDepth,
  cause_event_id: event.causeEventId,
})

/** What was sent to a run. Its key is its name in the run; Prefect has an id beside it. */
export const runInputToWire = (input: {
  readonly flowRunId: string
  readonly key: string
  readonly value: string
  readonly sender: string | null
  readonly createdAt: Micros
}): RunInputWire => ({
  id: input.flowRunId,
  created: toIso(input.createdAt),
  updated: toIso(input.createdAt),
  flow_run_id: input.flowRunId,
  key: input.key,
  value: input.value,
  sender: input.sender,
})

/** Why a run is where it is. */
export const runWhyToWire = (run: FlowRun, why: WhyRun): RunWhyWire => ({
  flow_run_id: run.id,
  name: run.name,
  state_type: run.state.type,
  state_name: run.state.name,
  reason: why.reason,
  summary: why.summary,
  since: toIso(why.since),
  until: toIsoOrNull(why.until),
  command: why.command,
})

/** Where the time of each attempt went. */
export const timelineToWire = (run: FlowRun): TimelineWire => ({
  flow_run_id: run.id,
  name: run.name,
  state_type: run.state.type,
  state_name: run.state.name,
  attempts: attemptsOf(run).map((attempt) => {
    const marks = partsOf(run, attempt)
    return {
      attempt,
      marks,
      first_line_ms: reached(marks, 'first_line'),
      first_output_ms: reached(marks, 'first_output'),
      total_ms: reached(marks, 'completed'),
    }
  }),
})
