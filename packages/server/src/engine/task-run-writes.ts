/** Task runs that the server itself writes: those of subflows, and those whose states a client asks for. */
import {
  AppError,
  applyTaskState,
  decide,
  deferredTaskPolicy,
  enterState,
  forcedTaskPolicy,
  type State,
  type StateProposal,
  type TaskRun,
  taskRunPolicy,
  taskRunStateEvent,
} from '@pilotflame/core'
import type { TaskRunInput, TaskStateResult } from '../client-writes.ts'
import type { EngineCore } from './engine-core.ts'
import type { Work } from './work.ts'

export const taskRunNotFound = (id: string): AppError =>
  new AppError('task_run_not_found', `There is no task run ${id}. It may have been deleted with its run.`)

export async function loadTaskRun({ tx }: Work, id: string): Promise<TaskRun> {
  const taskRun = await tx.findTaskRun(id)
  if (!taskRun) throw taskRunNotFound(id)
  return taskRun
}

/** A task run is one call of a task in its run: asking again for the same call finds it. */
export async function createTaskRun(
  core: EngineCore,
  work: Work,
  input: TaskRunInput,
): Promise<{ taskRun: TaskRun; created: boolean }> {
  const { flowRunId, taskKey, dynamicKey } = input
  const known =
    (flowRunId === null ? undefined : await work.tx.findTaskRunByKey({ flowRunId, taskKey, dynamicKey })) ??
    (input.id === undefined ? undefined : await work.tx.findTaskRun(input.id))
  if (known) return { taskRun: known, created: false }
  const state = enterState(input.state ?? { id: core.random.uuid(), type: 'PENDING' }, core.clock.now(), null)
  const blank: TaskRun = {
    id: input.id ?? core.random.uuid(),
    flowRunId,
    taskKey,
    dynamicKey,
    name: input.name ?? taskKey,
    tags: [...new Set(input.tags)],
    state,
    runCount: 0,
    expectedStartAt: null,
    startAt: null,
    endAt: null,
    kept: input.kept,
    createdAt: state.at,
    updatedAt: state.at,
  }
  return { taskRun: await enterTaskState(core, work, { before: null, taskRun: blank, state, forced: true }), created: true }
}

export async function setTaskState(
  core: EngineCore,
  work: Work,
  run: TaskRun,
  proposed: StateProposal,
  { force }: { readonly force: boolean },
): Promise<TaskStateResult> {
  const flowRun = run.flowRunId === null ? undefined : await work.findRun(run.flowRunId)
  const policy = proposed.details?.deferred === true ? deferredTaskPolicy : force ? forcedTaskPolicy : taskRunPolicy
  const decision = decide(policy, { run, proposed, now: core.clock.now(), flowRun: flowRun ?? null })
  if (decision.status === 'WAIT' || decision.status === 'ABORT') return { ...decision, run }
  const { state } = decision
  const next =
    state === null
      ? run
      : await enterTaskState(core, work, { before: run.state, taskRun: run, state, forced: policy === forcedTaskPolicy })
  return decision.status === 'ACCEPT' ? { status: 'ACCEPT', run: next } : { status: 'REJECT', run: next, reason: decision.reason }
}

interface Entering {
  /** Null for its first state. */
  readonly before: State | null
  readonly taskRun: TaskRun
  readonly state: State
  /** Nobody decided whether it may. */
  readonly forced: boolean
}

/** Writes the state. Its row is the event (I4), which is made only where an automation or a watcher could want it. */
export async function enterTaskState(
  core: EngineCore,
  work: Work,
  { before, taskRun, state, forced }: Entering,
): Promise<TaskRun> {
  const flowRun = taskRun.flowRunId === null ? undefined : await work.findRun(taskRun.flowRunId)
  const next = applyTaskState(taskRun, state, { attempt: flowRun?.runCount, forced })
  work.tx.saveTaskRun(next, state)
  const name = `prefect.task-run.${state.name}`
  if (core.index.mayMatch(name) || core.feed.wantsName(name)) {
    work.events.push(taskRunStateEvent({ taskRun: next, state, previous: before, flowRun: flowRun ?? null }))
  }
  return next
}
