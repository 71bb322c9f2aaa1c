/**
 * Writes one batch of an executor's items, in one body. Each item has its own key and is written "on conflict do
 * nothing", so sending it again is harmless; an item of a lease that has ended is refused (I2).
 */
import {
  type AckFrame,
  type Chunk,
  type ChunkItem,
  endedMessage,
  enterState,
  type FlowRun,
  type Item,
  isTerminal,
  joined,
  type Log,
  type LogItem,
  type Micros,
  type StateItem,
  type StateProposal,
  type TaskItem,
  type TaskRun,
  taskRunStateEvent,
} from '@pilotflame/core'
import { changeState } from '../engine/change-state.ts'
import { mergeMarks, tellToStop } from '../engine/dispatch-run.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import type { Work } from '../engine/work.ts'
import type { StreamHub } from '../streams/streams.ts'

type Refusal = Omit<AckFrame['refused'][number], 'index'>

const ok = undefined

export interface Recorder {
  readonly core: EngineCore
  readonly work: Work
  readonly streams: Pick<StreamHub, 'publish'>
  readonly sessionId: string
}

/** Writes the items in order, and says which were refused. Viewers get the new chunks after the flush. */
export async function recordItems(recorder: Recorder, items: readonly Item[]): Promise<AckFrame['refused']> {
  const { core, work, streams, sessionId } = recorder
  const refused: { index: number; code: string; message: string }[] = []
  const chunks = new Map<string, Chunk[]>()
  // First of all effects: the last chunks of a run may come in the batch that ends it, and are told before its end is.
  work.afterwards(() => {
    for (const [runId, list] of chunks) streams.publish(runId, list)
    noteOutput(core, sessionId, items)
  })
  for (const [index, item] of items.entries()) {
    const refusal = await recordItem(core, work, { sessionId, item, chunks })
    if (refusal) refused.push({ index, ...refusal })
  }
  return refused
}

/** For people who ask what a run does: memory only. */
function noteOutput({ registry, clock }: EngineCore, sessionId: string, items: readonly Item[]): void {
  const session = registry.sessions.get(sessionId)
  const now = clock.now()
  for (const { kind, run_id } of items) {
    if ((kind === 'log' || kind === 'chunk') && session?.running.has(run_id)) session.outputAt.set(run_id, now)
  }
}

interface ToRecord {
  readonly sessionId: string
  readonly item: Item
  readonly chunks: Map<string, Chunk[]>
}

async function recordItem(core: EngineCore, work: Work, { sessionId, item, chunks }: ToRecord): Promise<Refusal | undefined> {
  const run = await work.findRun(item.run_id)
  if (!run) return { code: 'run_not_found', message: `There is no run ${item.run_id}; it was deleted.` }
  // Keeps I2: the lease that this item names must be the live one.
  if (run.epoch !== item.epoch || run.sessionId !== sessionId) {
    // What was written before the lease ended may come again because its acknowledgement was lost.
    if (item.kind === 'state' && (await work.tx.findState(item.id))) return ok
    return { code: 'stale_lease', message: `Lease ${item.epoch} of run ${run.name} has ended; it is ${run.state.name} now.` }
  }
  switch (item.kind) {
    case 'state':
      return recordState(core, work, run, item)
    case 'task':
      return recordTask(core, work, run, item)
    case 'log':
      recordLog(core, work, item)
      return ok
    case 'chunk':
      return recordChunk(work, item, chunks)
  }
}

async function recordState(core: EngineCore, work: Work, run: FlowRun, item: StateItem): Promise<Refusal | undefined> {
  if (work.hasEntered(item.id) || (await work.tx.findState(item.id))) return ok
  const running = item.state.type === 'RUNNING'
  const attempt = running ? run.runCount + 1 : Math.max(run.runCount, 1)
  const marked = item.marks ? { ...run, marks: { ...run.marks, [attempt]: mergeMarks(run.marks[attempt], item.marks) } } : run
  if (item.marks) work.putRun(marked)
  const result = await changeState(core, work, marked, proposalOf(marked, item, core.clock.now()), {
    force: false,
    byExecutor: true,
  })
  if (result.status === 'ACCEPT' && item.state.type === 'COMPLETED' && result.run.state.type === 'COMPLETED') {
    if (item.result !== undefined) work.tx.saveRunResult(run.id, item.result)
    return ok
  }
  if (running && result.status !== 'ACCEPT') work.afterwards(() => tellToStop(core, run, result.reason))
  return ok
}

/** Keeps I10: however the work of a run that is being cancelled ends, the run is Cancelled, now that it is gone. */
function proposalOf(run: FlowRun, { id, state }: StateItem, now: Micros): StateProposal {
  const cancelled = run.state.type === 'CANCELLING' && isTerminal(state.type)
  if (!cancelled) return { id, ...state, data: null }
  return { id, type: 'CANCELLED', message: joined(run.state.message, endedMessage(now - run.state.at)) }
}

async function recordTask(core: EngineCore, work: Work, run: FlowRun, item: TaskItem): Promise<Refusal | undefined> {
  const isFirst = item.state.type === 'RUNNING' && item.run_count === 1
  const known = await work.tx.findTaskRun(item.task_run_id, { probablyNew: isFirst })
  const state = enterState({ id: item.id, ...item.state }, item.at, known?.state.id ?? null)
  // Kept whatever the clocks say: its executor counts on it. The first result stays.
  if (item.result !== undefined) work.tx.insertTaskResult(item.run_id, item.task_key, item.dynamic_key, item.result)
  // Sent again after a lost acknowledgement: what it has become since then stays.
  if (known && (known.state.id === item.id || item.at < known.state.at)) return ok
  const taskRun = nextTaskRun(core, known, item, state)
  work.tx.saveTaskRun(taskRun, state)
  // The state's row is the event (I4); it is made only where an automation or a watcher could want it.
  const name = `prefect.task-run.${state.name}`
  if (core.index.mayMatch(name) || core.feed.wantsName(name)) {
    work.events.push(taskRunStateEvent({ taskRun, state, previous: known?.state ?? null, flowRun: run }))
  }
  return ok
}

function nextTaskRun({ clock }: EngineCore, known: TaskRun | undefined, item: TaskItem, state: TaskRun['state']): TaskRun {
  const now = clock.now()
  return {
    id: item.task_run_id,
    flowRunId: item.run_id,
    taskKey: item.task_key,
    dynamicKey: item.dynamic_key,
    name: item.name,
    tags: known?.tags ?? [],
    state,
    runCount: item.run_count,
    expectedStartAt: null,
    startAt: known?.startAt ?? (state.type === 'RUNNING' || isTerminal(state.type) ? item.at : null),
    endAt: isTerminal(state.type) ? item.at : null,
    kept: null,
    createdAt: known?.createdAt ?? now,
    updatedAt: now,
  }
}

function recordLog({ logs }: EngineCore, work: Work, item: LogItem): void {
  const log: Log = {
    id: item.id,
    flowRunId: item.run_id,
    taskRunId: item.task_run_id,
    name: item.name,
    level: item.level,
    message: item.message,
    at: item.at,
  }
  work.tx.insertLog(log)
  if (logs.watched) work.afterwards(() => logs.publish([log]))
}

async function recordChunk(work: Work, item: ChunkItem, chunks: Map<string, Chunk[]>): Promise<undefined> {
  const chunk: Chunk = { flowRunId: item.run_id, attempt: item.attempt, n: item.n, text: item.text }
  if (!(await work.tx.insertChunk(chunk))) return ok
  const list = chunks.get(item.run_id)
  if (list) list.push(chunk)
  else chunks.set(item.run_id, [chunk])
  return ok
}
