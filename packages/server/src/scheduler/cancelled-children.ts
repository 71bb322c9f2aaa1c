/**
 * What a cancelled run leaves behind: its task runs that nobody reports any more are Cancelled, and so are its
 * subflows. It is for runs of Prefect's clients; an executor of ours reports what it has stopped.
 */
import { type FlowRun, isTerminal, MICROS_PER_MS, type StateType, toIso } from '@pilotflame/core'
import { changeState } from '../engine/change-state.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import { setTaskState } from '../engine/task-run-writes.ts'
import { unitOfWork, type Work } from '../engine/work.ts'
import type { Loop } from '../loop.ts'

/** Time for the client to tell the rest itself. */
const GRACE_MS = 3_000
const ROUND_MS = 20_000
/** After a restart of the server, runs that were cancelled so long ago are looked at again. */
const REMEMBERED_MS = 24 * 60 * 60 * 1_000
const PAGE = { limit: 200, offset: 0 }
const OPEN: StateType[] = ['SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING']
const MESSAGE = 'The run that it belongs to was cancelled.'

export interface CancelledChildren extends Loop {
  /** A run has ended. */
  ended(run: FlowRun): void
}

interface Listed {
  readonly id: string
}
const listed = (text: string): string[] => (JSON.parse(text) as readonly Listed[]).map(({ id }) => id)

/** `wake` begins the next round now. */
export function cancelledChildren(core: EngineCore, wake: () => void): CancelledChildren {
  const { store, clock } = core
  const dueAt = new Map<string, number>()
  let remembered = false

  const remember = async (): Promise<void> => {
    const since = toIso(clock.now() - REMEMBERED_MS * MICROS_PER_MS)
    const recent = { flow_runs: { state: { type: { any_: ['CANCELLED' as const] } }, end_time: { after_: since } } }
    for (const id of listed(await store.read.flowRuns(recent, 'END_TIME_DESC', PAGE))) dueAt.set(id, 0)
  }

  return {
    name: 'children of cancelled runs',
    ended(run) {
      if (run.state.type !== 'CANCELLED' || run.epoch > 0) return
      dueAt.set(run.id, clock.now() + GRACE_MS * MICROS_PER_MS)
      wake()
    },
    async tick() {
      if (!remembered) await remember()
      remembered = true
      const now = clock.now()
      for (const [id, at] of dueAt) {
        if (at > now) continue
        // A full page may have left some.
        if (!(await cancelOf(core, id))) dueAt.delete(id)
      }
      const next = Math.min(...dueAt.values())
      return Math.min(ROUND_MS, Math.max(1, Math.ceil((next - clock.now()) / MICROS_PER_MS)))
    },
  }
}

/** True when there may be more. What the lists say is read again before it decides. */
async function cancelOf(core: EngineCore, id: string): Promise<boolean> {
  const { read } = core.store
  const open = { state: { type: { any_: OPEN } } }
  const tasks = listed(await read.taskRuns({ task_runs: { ...open, flow_run_id: { any_: [id] } } }, 'ID_DESC', PAGE))
  const runs = listed(await read.flowRuns({ flow_runs: { ...open, parent_flow_run_id: { any_: [id] } } }, 'ID_DESC', PAGE))
  if (tasks.length + runs.length === 0) return false
  await unitOfWork(core, async (work) => {
    if ((await work.findRun(id))?.state.type !== 'CANCELLED') return
    for (const taskRunId of tasks) await cancelTask(core, work, taskRunId)
    for (const runId of runs) await cancelRun(core, work, runId)
  })
  return tasks.length === PAGE.limit || runs.length === PAGE.limit
}

async function cancelTask(core: EngineCore, work: Work, id: string): Promise<void> {
  const taskRun = await work.tx.findTaskRun(id)
  // One that stands for a subflow becomes what that run becomes.
  if (!taskRun || isTerminal(taskRun.state.type) || taskRun.state.details.child_flow_run_id) return
  await setTaskState(core, work, taskRun, { id: core.random.uuid(), type: 'CANCELLED', message: MESSAGE }, { force: true })
}

/** One in a process of its own has to be stopped there. */
async function cancelRun(core: EngineCore, work: Work, id: string): Promise<void> {
  const run = await work.findRun(id)
  if (!run || isTerminal(run.state.type)) return
  const elsewhere = run.deploymentId !== null
  if (elsewhere && run.state.type === 'CANCELLING') return
  const proposed = { id: core.random.uuid(), type: elsewhere ? 'CANCELLING' : 'CANCELLED', message: MESSAGE } as const
  await changeState(core, work, run, proposed, { force: !elsewhere, byExecutor: false })
}
