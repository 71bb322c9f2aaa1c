/** Rows of the database as the values that the rest of the server speaks of. */
import type {
  Automation,
  Bucket,
  Chunk,
  CreatedBy,
  Deployment,
  DeploymentVersion,
  Event,
  Flow,
  FlowRun,
  Json,
  Log,
  RunKept,
  State,
  StateType,
  TaskRun,
  TaskRunKept,
  Variable,
  Verdict,
  VerdictOutcome,
} from '@pilotflame/core'
import type { Row } from './statements.ts'
import type { Hook, RecordedResult, RunInput, SessionRow, WaitingRun } from './store.ts'

const text = (row: Row, column: string): string => row[column] as string
const textOrNull = (row: Row, column: string): string | null => row[column] as string | null
const number = (row: Row, column: string): number => row[column] as number
const numberOrNull = (row: Row, column: string): number | null => row[column] as number | null
const json = <T>(row: Row, column: string): T => JSON.parse(text(row, column)) as T
const jsonOrNull = <T>(row: Row, column: string): T | null => {
  const value = row[column]
  return value === null ? null : (JSON.parse(value as string) as T)
}

export const toJson = (value: unknown): string => JSON.stringify(value)
export const toJsonOrNull = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))

const RUN_COLUMNS = [
  'id',
  'name',
  'flow_id',
  'deployment_id',
  'version_id',
  'parameters',
  'tags',
  'labels',
  'idempotency_key',
  'created_by',
  'state_id',
  'run_count',
  'epoch',
  'session_id',
  'retries',
  'retry_delay_ms',
  'expected_start_at',
  'next_scheduled_at',
  'start_at',
  'end_at',
  'total_run_micros',
  'cause_event_id',
  'chain_depth',
  'marks',
  'created_at',
  'updated_at',
  'parent_task_run_id',
  'kept',
]
const TASK_RUN_COLUMNS = [
  'id',
  'flow_run_id',
  'task_key',
  'dynamic_key',
  'name',
  'tags',
  'state_id',
  'run_count',
  'expected_start_at',
  'start_at',
  'end_at',
  'kept',
  'created_at',
  'updated_at',
]
const STATE_COLUMNS = ['type', 'name', 'at', 'message', 'data', 'details', 'scheduled_at', 'follows']
const stateOf = (table: string): string[] => STATE_COLUMNS.map((column) => `${table}.${column} as state_${column}`)

/** What `toFlowRun` reads: the run as `r`, its current state as `s`. */
export const RUN_SELECT = [...RUN_COLUMNS.map((column) => `r.${column} as ${column}`), ...stateOf('s')].join(', ')
/** What `toTaskRun` reads: the task run as `t`, its current state as `s`. */
export const TASK_RUN_SELECT = [...TASK_RUN_COLUMNS.map((column) => `t.${column} as ${column}`), ...stateOf('s')].join(', ')
/** What `toState` reads: a state as `s`. */
export const STATE_SELECT = ['s.id as state_id', ...stateOf('s')].join(', ')

export const toState = (row: Row): State => ({
  id: text(row, 'state_id'),
  type: text(row, 'state_type') as StateType,
  name: text(row, 'state_name'),
  at: number(row, 'state_at'),
  message: textOrNull(row, 'state_message'),
  data: jsonOrNull<Json>(row, 'state_data'),
  details: json(row, 'state_details'),
  scheduledAt: numberOrNull(row, 'state_scheduled_at'),
  follows: textOrNull(row, 'state_follows'),
})

export const toFlowRun = (row: Row): FlowRun => ({
  id: text(row, 'id'),
  name: text(row, 'name'),
  flowId: text(row, 'flow_id'),
  deploymentId: textOrNull(row, 'deployment_id'),
  versionId: textOrNull(row, 'version_id'),
  parameters: json(row, 'parameters'),
  tags: json(row, 'tags'),
  labels: json(row, 'labels'),
  idempotencyKey: textOrNull(row, 'idempotency_key'),
  createdBy: jsonOrNull<CreatedBy>(row, 'created_by'),
  parentTaskRunId: textOrNull(row, 'parent_task_run_id'),
  kept: jsonOrNull<RunKept>(row, 'kept'),
  state: toState(row),
  runCount: number(row, 'run_count'),
  epoch: number(row, 'epoch'),
  sessionId: textOrNull(row, 'session_id'),
  retries: number(row, 'retries'),
  retryDelayMs: number(row, 'retry_delay_ms'),
  expectedStartAt: numberOrNull(row, 'expected_start_at'),
  nextScheduledAt: numberOrNull(row, 'next_scheduled_at'),
  startAt: numberOrNull(row, 'start_at'),
  endAt: numberOrNull(row, 'end_at'),
  totalRunMicros: number(row, 'total_run_micros'),
  causeEventId: textOrNull(row, 'cause_event_id'),
  chainDepth: number(row, 'chain_depth'),
  marks: json(row, 'marks'),
  createdAt: number(row, 'created_at'),
  updatedAt: number(row, 'updated_at'),
})

export const toTaskRun = (row: Row): TaskRun => ({
  id: text(row, 'id'),
  flowRunId: text(row, 'flow_run_id') || null,
  taskKey: text(row, 'task_key'),
  dynamicKey: text(row, 'dynamic_key'),
  name: text(row, 'name'),
  tags: json(row, 'tags'),
  state: toState(row),
  runCount: number(row, 'run_count'),
  expectedStartAt: numberOrNull(row, 'expected_start_at'),
  startAt: numberOrNull(row, 'start_at'),
  endAt: numberOrNull(row, 'end_at'),
  kept: jsonOrNull<TaskRunKept>(row, 'kept'),
  createdAt: number(row, 'created_at'),
  updatedAt: number(row, 'updated_at'),
})

export const toFlow = (row: Row): Flow => ({
  id: text(row, 'id'),
  name: text(row, 'name'),
  tags: json(row, 'tags'),
  labels: json(row, 'labels'),
  createdAt: number(row, 'created_at'),
  updatedAt: number(row, 'updated_at'),
})

/** A row of `deployment` with `flow_name` beside it. */
export const toDeployment = (row: Row): Deployment => ({
  id: text(row, 'id'),
  flowId: text(row, 'flow_id'),
  flowName: text(row, 'flow_name'),
  name: text(row, 'name'),
  versionId: textOrNull(row, 'version_id'),
  version: textOrNull(row, 'version'),
  description: textOrNull(row, 'description'),
  entrypoint: textOrNull(row, 'entrypoint'),
  paused: number(row, 'paused') === 1,
  tags: json(row, 'tags'),
  labels: json(row, 'labels'),
  parameters: json(row, 'parameters'),
  parameterSchema: jsonOrNull(row, 'parameter_schema'),
  enforceParameterSchema: number(row, 'enforce_parameter_schema') === 1,
  retries: number(row, 'retries'),
  retryDelayMs: number(row, 'retry_delay_ms'),
  kept: json(row, 'kept'),
  createdBy: jsonOrNull<CreatedBy>(row, 'created_by'),
  createdAt: number(row, 'created_at'),
  updatedAt: number(row, 'updated_at'),
})

export const toVersion = (row: Row): DeploymentVersion => ({
  id: text(row, 'id'),
  deploymentId: text(row, 'deployment_id'),
  version: text(row, 'version'),
  entrypoint: textOrNull(row, 'entrypoint'),
  parameterSchema: jsonOrNull(row, 'parameter_schema'),
  createdAt: number(row, 'created_at'),
})

export const toEvent = (row: Row): Event => ({
  id: text(row, 'id'),
  occurred: number(row, 'occurred'),
  received: number(row, 'received'),
  event: text(row, 'event'),
  resource: json(row, 'resource'),
  related: json(row, 'related'),
  payload: json(row, 'payload'),
  follows: textOrNull(row, 'follows'),
  chainDepth: number(row, 'chain_depth'),
  causeEventId: textOrNull(row, 'cause_event_id'),
})

/** Verdicts from before each action was done by itself say nothing of the others. */
function outcomeOf(row: Row): VerdictOutcome {
  const outcome = json<VerdictOutcome>(row, 'outcome')
  return outcome.kind === 'rejected_parameters' || outcome.kind === 'failed'
    ? { ...outcome, runs: outcome.runs ?? [], also: outcome.also ?? [] }
    : outcome
}

export const toVerdict = (row: Row): Verdict => ({
  eventId: text(row, 'event_id'),
  automationId: text(row, 'automation_id'),
  at: number(row, 'at'),
  outcome: outcomeOf(row),
})

export const toAutomation = (row: Row): Automation => ({
  id: text(row, 'id'),
  name: text(row, 'name'),
  description: text(row, 'description'),
  enabled: number(row, 'enabled') === 1,
  tags: json(row, 'tags'),
  trigger: json(row, 'trigger'),
  actions: json(row, 'actions'),
  actionsOnTrigger: json(row, 'actions_on_trigger'),
  actionsOnResolve: json(row, 'actions_on_resolve'),
  ownerResource: textOrNull(row, 'owner_resource'),
  createdAt: number(row, 'created_at'),
  updatedAt: number(row, 'updated_at'),
})

export const toBucket = (row: Row): Bucket => ({
  automationId: text(row, 'automation_id'),
  triggerId: text(row, 'trigger_id'),
  key: json(row, 'key'),
  start: number(row, 'start_at'),
  end: number(row, 'end_at'),
  count: number(row, 'count'),
  firedAt: numberOrNull(row, 'fired_at'),
})

export const toLog = (row: Row): Log => ({
  id: text(row, 'id'),
  flowRunId: textOrNull(row, 'flow_run_id'),
  taskRunId: textOrNull(row, 'task_run_id'),
  name: text(row, 'name'),
  level: number(row, 'level'),
  message: text(row, 'message'),
  at: number(row, 'at'),
})

export const toVariable = (row: Row): Variable => ({
  id: text(row, 'id'),
  name: text(row, 'name'),
  value: json<Json>(row, 'value'),
  tags: json(row, 'tags'),
  createdAt: number(row, 'created_at'),
  updatedAt: number(row, 'updated_at'),
})

export const toRunInput = (row: Row): RunInput => ({
  flowRunId: text(row, 'flow_run_id'),
  key: text(row, 'key'),
  value: text(row, 'value'),
  sender: textOrNull(row, 'sender'),
  createdAt: number(row, 'created_at'),
})

export const toChunk = (row: Row): Chunk => ({
  flowRunId: text(row, 'flow_run_id'),
  attempt: number(row, 'attempt'),
  n: number(row, 'n'),
  text: text(row, 'text'),
})

export const toRecordedResult = (row: Row): RecordedResult => ({
  taskKey: text(row, 'task_key'),
  dynamicKey: text(row, 'dynamic_key'),
  result: json<Json>(row, 'result'),
})

export const toSession = (row: Row): SessionRow => ({
  id: text(row, 'id'),
  name: text(row, 'name'),
  host: text(row, 'host'),
  pid: number(row, 'pid'),
  boot: text(row, 'boot'),
  createdAt: number(row, 'created_at'),
})

export const toHook = (row: Row): Hook => ({
  id: text(row, 'id'),
  name: text(row, 'name'),
  event: text(row, 'event'),
  secret: row.secret === null ? null : (row.secret as Uint8Array),
  createdAt: number(row, 'created_at'),
})

export const toWaitingRun = (row: Row): WaitingRun => ({
  id: text(row, 'id'),
  deploymentId: text(row, 'deployment_id'),
  versionId: textOrNull(row, 'version_id'),
  dueAt: number(row, 'due_at'),
})
