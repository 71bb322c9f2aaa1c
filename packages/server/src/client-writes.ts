/** What Prefect's clients write of flow runs and task runs, as the HTTP routes see it. */
import type { FlowRun, JsonObject, Labels, Parameters, RunKept, StateProposal, TaskRun, TaskRunKept } from '@pilotflame/core'
import type { SetStateResult } from './app.ts'

/** A run that whoever asks for it starts, such as a flow that is called. */
export interface FlowRunInput {
  readonly flowId: string
  readonly deploymentId: string | null
  readonly name?: string
  readonly parameters: Parameters
  readonly tags: readonly string[]
  readonly labels: Labels
  readonly parentTaskRunId: string | null
  readonly idempotencyKey: string | null
  readonly kept: RunKept
  /** Default: Pending. */
  readonly state?: StateProposal
}

/** What is given is changed. */
export interface FlowRunChanges {
  readonly name?: string
  readonly parameters?: Parameters
  readonly tags?: readonly string[]
  readonly kept: RunKept
}

export interface TaskRunInput {
  /** Default: one of the server's. */
  readonly id?: string
  readonly flowRunId: string | null
  readonly taskKey: string
  readonly dynamicKey: string
  readonly name?: string
  readonly tags: readonly string[]
  readonly kept: TaskRunKept
  /** Default: Pending. */
  readonly state?: StateProposal
}

/** The answer to a proposed state of a task run; see `SetStateResult`. */
export type TaskStateResult =
  | { readonly status: 'ACCEPT'; readonly run: TaskRun }
  | { readonly status: 'REJECT'; readonly run: TaskRun; readonly reason: string }
  | { readonly status: 'ABORT'; readonly run: TaskRun; readonly reason: string }
  | { readonly status: 'WAIT'; readonly run: TaskRun; readonly delayMs: number; readonly reason: string }

export interface RunInputToAdd {
  readonly key: string
  readonly value: string
  readonly sender: string | null
}

export interface ClientWrites {
  /** `created` is false when the idempotency key was known. Throws `flow_not_found`. */
  createFlowRun(input: FlowRunInput): Promise<{ run: FlowRun; created: boolean }>
  /** Throws `run_not_found`, `wrong_state`. */
  updateFlowRun(id: string, changes: FlowRunChanges): Promise<void>
  /** Puts labels beside those that the run has. Throws `run_not_found`. */
  addLabels(id: string, labels: Labels): Promise<void>
  /** Lets a paused run go on, with what it had asked for; `stateId` is the id of the state it enters. Throws `run_not_found`. */
  resume(id: string, stateId: string, input: JsonObject | null): Promise<SetStateResult>
  /** Throws `run_not_found`, `input_exists`. */
  addInput(runId: string, input: RunInputToAdd): Promise<void>
  /** Throws `not_found`. */
  deleteInput(runId: string, key: string): Promise<void>
  /** `created` is false when the run has one with these keys. */
  createTaskRun(input: TaskRunInput): Promise<{ taskRun: TaskRun; created: boolean }>
  /** Throws `task_run_not_found`. */
  renameTaskRun(id: string, name: string): Promise<void>
  /** Throws `task_run_not_found`. */
  deleteTaskRun(id: string): Promise<void>
  /** Throws `task_run_not_found`. */
  setTaskState(id: string, proposal: StateProposal, options: { force: boolean }): Promise<TaskStateResult>
}
