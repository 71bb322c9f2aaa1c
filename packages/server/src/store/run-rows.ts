/** How a flow run and its states are written: which columns, in which order. */

import type { SQLInputValue } from 'node:sqlite'
import type { FlowRun, State } from '@pilotflame/core'
import { toJson, toJsonOrNull } from './rows.ts'
import type { SqlRunner } from './statements.ts'

const IDENTITY = [
  'name',
  'flow_id',
  'deployment_id',
  'version_id',
  'parameters',
  'tags',
  'labels',
  'idempotency_key',
  'created_by',
  'retries',
  'retry_delay_ms',
  'cause_event_id',
  'chain_depth',
  'expected_start_at',
  'created_at',
]
const PROGRESS = [
  'state_id',
  'state_type',
  'state_name',
  'run_count',
  'epoch',
  'session_id',
  'next_scheduled_at',
  'end_at',
  'total_run_micros',
  'marks',
  'updated_at',
]
/** Columns whose indexes are dear and that change once or never: written only when they did. */
const START = ['start_at']

/** What few runs have: the others do not name them. */
const RARE = ['parent_task_run_id', 'kept']

const columns = ['id', ...IDENTITY, ...PROGRESS, ...START]
const assign = (names: readonly string[]): string => names.map((name) => `${name} = ?`).join(', ')

const insertOf = (names: readonly string[]): string =>
  `insert into flow_run (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`

const INSERT = insertOf(columns)
const INSERT_RARE = insertOf([...columns, ...RARE])
const UPDATE_PROGRESS = `update flow_run set ${assign(PROGRESS)} where id = ?`
const UPDATE_START = `update flow_run set ${assign([...PROGRESS, ...START])} where id = ?`
const UPDATE_ALL = `update flow_run set ${assign([...IDENTITY, ...PROGRESS, ...START, ...RARE])} where id = ?`
const INSERT_STATE = `insert into flow_run_state
  (id, flow_run_id, type, name, at, message, data, details, scheduled_at, follows, run_count) values (?,?,?,?,?,?,?,?,?,?,?)`

const identity = (run: FlowRun): SQLInputValue[] => [
  run.name,
  run.flowId,
  run.deploymentId,
  run.versionId,
  toJson(run.parameters),
  toJson(run.tags),
  toJson(run.labels),
  run.idempotencyKey,
  toJsonOrNull(run.createdBy),
  run.retries,
  run.retryDelayMs,
  run.causeEventId,
  run.chainDepth,
  run.expectedStartAt,
  run.createdAt,
]

const progress = (run: FlowRun): SQLInputValue[] => [
  run.state.id,
  run.state.type,
  run.state.name,
  run.runCount,
  run.epoch,
  run.sessionId,
  run.nextScheduledAt,
  run.endAt,
  run.totalRunMicros,
  toJson(run.marks),
  run.updatedAt,
]

const start = (run: FlowRun): SQLInputValue[] => [run.startAt]
const rare = (run: FlowRun): SQLInputValue[] => [run.parentTaskRunId, toJsonOrNull(run.kept)]
const hasRare = (run: FlowRun): boolean => run.parentTaskRunId !== null || run.kept !== null

/** True when both have the very values of what does not change while a run runs. */
const sameIdentity = (one: FlowRun, other: FlowRun): boolean =>
  one.name === other.name &&
  one.flowId === other.flowId &&
  one.deploymentId === other.deploymentId &&
  one.versionId === other.versionId &&
  one.parameters === other.parameters &&
  one.tags === other.tags &&
  one.labels === other.labels &&
  one.idempotencyKey === other.idempotencyKey &&
  one.createdBy === other.createdBy &&
  one.parentTaskRunId === other.parentTaskRunId &&
  one.kept === other.kept &&
  one.retries === other.retries &&
  one.retryDelayMs === other.retryDelayMs &&
  one.causeEventId === other.causeEventId &&
  one.chainDepth === other.chainDepth &&
  one.expectedStartAt === other.expectedStartAt &&
  one.createdAt === other.createdAt

export function insertRun(statements: SqlRunner, run: FlowRun, states: readonly State[]): void {
  const values = [run.id, ...identity(run), ...progress(run), ...start(run)]
  if (hasRare(run)) statements.run(INSERT_RARE, ...values, ...rare(run))
  else statements.run(INSERT, ...values)
  insertStates(statements, run, states)
}

/** `before` is the run as it was read, where it was: what it shares with `run` is not written again. */
export function updateRun(statements: SqlRunner, run: FlowRun, states: readonly State[], before: FlowRun | undefined): void {
  if (before === undefined || !sameIdentity(run, before)) {
    statements.run(UPDATE_ALL, ...identity(run), ...progress(run), ...start(run), ...rare(run), run.id)
  } else if (run.startAt === before.startAt) statements.run(UPDATE_PROGRESS, ...progress(run), run.id)
  else statements.run(UPDATE_START, ...progress(run), ...start(run), run.id)
  insertStates(statements, run, states)
}

/** Each state keeps the number of the attempt it belongs to: its event names it. */
function insertStates(statements: SqlRunner, run: FlowRun, states: readonly State[]): void {
  let count = run.runCount - states.filter((state) => state.type === 'RUNNING').length
  for (const state of states) {
    if (state.type === 'RUNNING') count += 1
    statements.run(INSERT_STATE, state.id, run.id, ...stateValues(state), count)
  }
}

export const stateValues = (state: State): SQLInputValue[] => [
  state.type,
  state.name,
  state.at,
  state.message,
  toJsonOrNull(state.data),
  toJson(state.details),
  state.scheduledAt,
  state.follows,
]
