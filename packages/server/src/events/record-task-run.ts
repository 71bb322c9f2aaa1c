/**
 * Writes down the task runs that events of Prefect's clients tell of, inside of the transaction that takes the event in.
 * Each state is kept once, by its id, which is the event's; the one with the latest moment is the task run's current
 * one, in whichever order they come. What cannot be read stays an event, and costs the others nothing.
 */
import { type Event, type FlowRun, flowRunIdOf, isNewer, readTaskRunEvent, type TaskRun } from '@pilotflame/core'
import type { EngineCore } from '../engine/engine-core.ts'
import type { Work } from '../engine/work.ts'

/** The event as one of the run it came from: what that was started by, and how deep in the chain it stands, so that a circle ends. */
export async function inItsChain(work: Work, event: Event): Promise<Event> {
  const id = flowRunIdOf(event)
  const run = id === null ? undefined : await work.findRun(id)
  return run ? { ...event, chainDepth: run.chainDepth, causeEventId: run.causeEventId } : event
}

/** Of an event that is new here. */
export async function recordTaskRun(core: EngineCore, work: Work, event: Event): Promise<void> {
  const report = readTaskRunEvent(event)
  const fault = 'fault' in report ? report.fault : await save(core, work, report.taskRun)
  if (fault !== null) core.log('warning', `${event.event} ${event.id} is kept as an event alone: ${fault}`)
}

/** Says why it was not recorded. */
async function save({ clock }: EngineCore, work: Work, told: TaskRun): Promise<string | null> {
  const { flowRunId } = told
  const flowRun = flowRunId === null ? undefined : await work.findRun(flowRunId)
  const refused = flowRunId === null ? null : whyNot(flowRun, flowRunId)
  if (refused !== null) return refused
  const known = await findKnown(work, told)
  const now = clock.now()
  if (!known) {
    work.tx.saveTaskRun({ ...told, createdAt: now, updatedAt: now }, told.state)
  } else if (isNewer(told.state, known.state)) {
    // A task that is called again in another attempt of its run stays one task run: the first id stays.
    const { id, createdAt, flowRunId: of } = known
    work.tx.saveTaskRun({ ...told, id, flowRunId: of, createdAt, updatedAt: now }, told.state)
  } else work.tx.insertTaskState(known.id, told.state, told.runCount)
  return null
}

async function findKnown({ tx }: Work, { id, flowRunId, taskKey, dynamicKey }: TaskRun): Promise<TaskRun | undefined> {
  const known = await tx.findTaskRun(id)
  return known ?? (flowRunId === null ? undefined : tx.findTaskRunByKey({ flowRunId, taskKey, dynamicKey }))
}

function whyNot(flowRun: FlowRun | undefined, id: string): string | null {
  if (!flowRun) return `there is no flow run ${id}`
  // Keeps I2: what an executor of ours does comes over its channel, with its lease.
  return flowRun.epoch > 0 ? `run ${flowRun.name} belongs to an executor of this server` : null
}
