/** The event that a state is, made from the state's own row (I4). */
import { type Event, flowRunStateEvent, type State, taskRunStateEvent } from '@pilotflame/core'
import { FIND_DEPLOYMENT, FIND_RUN, FIND_STATE, FIND_TASK_RUN, FIND_TASK_STATE } from './finds.ts'
import { toDeployment, toFlow, toFlowRun, toState, toTaskRun } from './rows.ts'
import type { Row, SqlRunner } from './statements.ts'

/** `undefined` where no state has this id, or where its run is gone. */
export function findStateEvent(statements: SqlRunner, id: string): Event | undefined {
  const row = statements.get(FIND_STATE, id)
  if (row !== undefined) return flowRunEvent(statements, row)
  const taskRow = statements.get(FIND_TASK_STATE, id)
  return taskRow === undefined ? undefined : taskRunEvent(statements, taskRow)
}

function previousOf(statements: SqlRunner, sql: string, state: State): State | null {
  const row = state.follows === null ? undefined : statements.get(sql, state.follows)
  return row === undefined ? null : toState(row)
}

function flowRunEvent(statements: SqlRunner, row: Row): Event | undefined {
  const state = toState(row)
  const runRow = statements.get(FIND_RUN, row.flow_run_id as string)
  if (runRow === undefined) return undefined
  const run = { ...toFlowRun(runRow), state, runCount: row.run_count as number }
  const flowRow = statements.get('select * from flow where id = ?', run.flowId)
  if (flowRow === undefined) return undefined
  const deploymentRow = run.deploymentId === null ? undefined : statements.get(FIND_DEPLOYMENT, run.deploymentId)
  return flowRunStateEvent({
    run,
    state,
    previous: previousOf(statements, FIND_STATE, state),
    flow: toFlow(flowRow),
    deployment: deploymentRow === undefined ? null : toDeployment(deploymentRow),
  })
}

function taskRunEvent(statements: SqlRunner, row: Row): Event | undefined {
  const state = toState(row)
  const taskRow = statements.get(FIND_TASK_RUN, row.task_run_id as string)
  if (taskRow === undefined) return undefined
  const taskRun = { ...toTaskRun(taskRow), state, runCount: row.run_count as number }
  const runRow = taskRun.flowRunId === null ? undefined : statements.get(FIND_RUN, taskRun.flowRunId)
  if (runRow === undefined && taskRun.flowRunId !== null) return undefined
  const previous = previousOf(statements, FIND_TASK_STATE, state)
  return taskRunStateEvent({ taskRun, state, previous, flowRun: runRow === undefined ? null : toFlowRun(runRow) })
}
