/**
 * `/api/events/in`: Prefect's clients send one event per message and get no answers. They confirm what they sent
 * with a ping, so the pong waits until everything before it is on disk (I5). A message that is no event ends the
 * connection, as with Prefect: its client sends again what was not confirmed.
 */
import { isAppError } from '@pilotflame/core'
import type { WebSocket } from 'ws'
import type { Door } from '../auth/door.ts'
import type { HttpContext } from './exchange.ts'
import { greetingOf, reasonOf } from './greeting.ts'
import { parseJson } from './read-body.ts'
import { eventsOf } from './routes/events.ts'

const UNSUPPORTED_DATA = 1003
const INTERNAL = 1011

export function serveEventsIn(
  context: HttpContext,
  door: Door,
  connection: WebSocket,
  { authorized }: { authorized: boolean },
): void {
  const { app } = context
  const greeting = greetingOf(connection, door, authorized)
  let written: Promise<void> = Promise.resolve()

  /** Where too many events wait, the connection is read no further until there is room: nothing is lost, it slows down. */
  const store = async (events: ReturnType<typeof eventsOf>, mark: number): Promise<void> => {
    for (;;) {
      try {
        return await app.intake.accept(events, mark)
      } catch (error) {
        if (!isAppError(error) || error.code !== 'too_many_events') throw error
        connection.pause()
        await new Promise<void>((resolve) => app.clock.after((error.retryAfterSeconds ?? 1) * 1000, resolve))
        connection.resume()
      }
    }
  }

  const take = (data: Buffer): void => {
    const mark = app.clock.monotonic()
    const events = eventsOf(context, parseJson(data), data.length)
    const stored = store(events, mark)
    written = Promise.all([written, stored]).then(() => undefined)
    written.catch((error: unknown) => {
      context.log('error', `events of a websocket could not be stored: ${reasonOf(error)}`)
      connection.close(INTERNAL, reasonOf(error))
    })
  }

  connection.on('message', (data: Buffer) => {
    try {
      if (greeting.isOver(data)) take(data)
    } catch (error) {
      context.log('warning', `a websocket sent what is no event: ${reasonOf(error)}`)
      connection.close(UNSUPPORTED_DATA, reasonOf(error))
    }
  })
  connection.on('ping', (data: Buffer) => {
    written.then(
      () => connection.readyState === connection.OPEN && connection.pong(data),
      () => undefined, // no pong: what was sent before it is not all on disk
    )
  })
  connection.on('error', () => undefined) // 'close' follows
}
