/** How task runs and their states are written. A task run of our own SDK names no column that only Prefect's have. */
import type { SQLInputValue } from 'node:sqlite'
import type { State, TaskRun } from '@pilotflame/core'
import { toJson } from './rows.ts'
import { stateValues } from './run-rows.ts'
import type { SqlRunner } from './statements.ts'
import { upsert } from './statements.ts'

const COLUMNS = [
  'flow_run_id',
  'task_key',
  'dynamic_key',
  'name',
  'tags',
  'state_id',
  'run_count',
  'start_at',
  'end_at',
  'created_at',
  'updated_at',
]
const RARE = ['expected_start_at', 'kept']

const SAVE = upsert('task_run', ['id'], COLUMNS)
const SAVE_RARE = upsert('task_run', ['id'], [...COLUMNS, ...RARE])
const INSERT_STATE = `insert into task_run_state
  (id, task_run_id, type, name, at, message, data, details, scheduled_at, follows, run_count)
  values (?,?,?,?,?,?,?,?,?,?,?) on conflict (id) do nothing`

const values = (run: TaskRun): SQLInputValue[] => [
  run.id,
  run.flowRunId ?? '',
  run.taskKey,
  run.dynamicKey,
  run.name,
  toJson(run.tags),
  run.state.id,
  run.runCount,
  run.startAt,
  run.endAt,
  run.createdAt,
  run.updatedAt,
]

export function saveTaskRun(statements: SqlRunner, run: TaskRun): void {
  if (run.expectedStartAt === null && run.kept === null) statements.run(SAVE, ...values(run))
  else statements.run(SAVE_RARE, ...values(run), run.expectedStartAt, run.kept && toJson(run.kept))
}

/** A state that is here already stays as it is. */
export function insertTaskState(statements: SqlRunner, taskRunId: string, state: State, runCount: number): void {
  statements.run(INSERT_STATE, state.id, taskRunId, ...stateValues(state), runCount)
}
