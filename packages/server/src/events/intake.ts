/** Takes events in: stores the new ones, matches them and starts what they start, in one transaction (I5). */
import { AppError, type Event, isTaskRunEvent } from '@pilotflame/core'
import type { IncomingEvent, Intake } from '../app.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import { unitOfWork, type Work } from '../engine/work.ts'
import { inItsChain, recordTaskRun } from './record-task-run.ts'

/** So many events may wait for their flush; more are refused with 429 until some have settled. */
export const WAITING_EVENTS_MAX = 10_000
const RETRY_AFTER_SECONDS = 1

export function createIntake(core: EngineCore): Intake {
  let waiting = 0

  const accept: Intake['accept'] = async (events, receivedMark) => {
    // One request larger than all places is let in when nothing waits: it could never be taken otherwise.
    if (waiting > 0 && waiting + events.length > WAITING_EVENTS_MAX) throw tooMany(waiting)
    waiting += events.length
    try {
      await unitOfWork(
        core,
        async (work) => {
          for (const incoming of events) {
            await take(core, work, receive(core, incoming))
          }
        },
        { receivedMark, journal: events.length === 1 ? 'once' : undefined },
      )
    } finally {
      waiting -= events.length
    }
  }
  return { accept }
}

async function take(core: EngineCore, work: Work, event: Event): Promise<void> {
  const taken = event.related.length === 0 ? event : await inItsChain(work, event)
  if (!(await work.tx.insertEvent(taken))) return
  work.events.push(taken)
  if (isTaskRunEvent(taken)) await recordTaskRun(core, work, taken)
}

const receive = (core: EngineCore, event: IncomingEvent): Event => ({
  ...event,
  received: core.clock.now(),
  chainDepth: 0,
  causeEventId: null,
})

const tooMany = (waiting: number): AppError =>
  new AppError(
    'too_many_events',
    `${waiting} events are waiting to be written; at most ${WAITING_EVENTS_MAX} may. Send this one again in ${RETRY_AFTER_SECONDS} s: nothing of it was stored.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS, facts: { waiting, waiting_max: WAITING_EVENTS_MAX } },
  )
