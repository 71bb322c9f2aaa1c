/**
 * A subflow's run has a task run that stands for it in its parent's run. Whatever the run becomes, the task run becomes
 * too, in the same transaction.
 */
import type { FlowRun, State } from '@pilotflame/core'
import type { EngineCore } from './engine-core.ts'
import { enterTaskState } from './task-run-writes.ts'
import type { Work } from './work.ts'

/** A state of a run that is a subflow. */
export interface SubflowChange {
  readonly run: FlowRun
  readonly state: State
}

export async function mirrorSubflows(core: EngineCore, work: Work): Promise<void> {
  for (const { run, state } of work.subflows.splice(0)) {
    const taskRun = run.parentTaskRunId === null ? undefined : await work.tx.findTaskRun(run.parentTaskRunId)
    if (!taskRun) continue // deleted with its run: the subflow goes on without
    const mirrored: State = {
      ...state,
      id: core.random.uuid(),
      at: core.clock.now(),
      details: { ...state.details, child_flow_run_id: run.id },
      follows: taskRun.state.id,
    }
    await enterTaskState(core, work, { before: taskRun.state, taskRun, state: mirrored, forced: true })
  }
}
