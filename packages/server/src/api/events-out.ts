/**
 * `/api/events/out`: events as they come, for Prefect's subscribers. A greeting, a filter, then what has happened
 * lately, then what happens.
 *
 * 1. Whoever subscribes is watching before the past is read, so nothing is missed in between; what both have is sent once.
 * 2. Nothing is sent before its flush (I5): the store is asked for a flush after the past was read.
 * 3. A subscriber that does not keep up is cut off. It comes back and asks for what it missed; nobody waits for it.
 */
import { compileEventFilter, type Event, MICROS_PER_SECOND, type Micros, parseIso, toIso } from '@pilotflame/core'
import { type BodyOfSubscription, subscription, validate } from '@pilotflame/core/contract'
import type { WebSocket } from 'ws'
import type { Door } from '../auth/door.ts'
import type { EventPlace } from '../store/event-queries.ts'
import type { HttpContext } from './exchange.ts'
import { greetingOf, reasonOf } from './greeting.ts'
import { parseJson } from './read-body.ts'

const PROTOCOL_ERROR = 1002
const INTERNAL = 1011
/** Prefect's figure: so far back a subscriber is told. */
const BACKFILL_MICROS = 15 * 60 * MICROS_PER_SECOND
const PAGE_EVENTS = 5_000
/** So much may wait for a subscriber; one that is further behind is cut off. */
const BEHIND_BYTES_MAX = 8 * 1024 * 1024
/** Twice this without an answer to a ping, and the subscriber is gone. */
const PING_MS = 30_000
/** So long after the past was sent, what is live may still be a part of it. */
const OVERLAP_MS = 5_000

type Filter = BodyOfSubscription['filter']

export function serveEventsOut(
  context: HttpContext,
  door: Door,
  connection: WebSocket,
  { authorized }: { authorized: boolean },
): void {
  const greeting = greetingOf(connection, door, authorized)
  let subscribed = false
  connection.on('message', (data: Buffer) => {
    try {
      if (subscribed || !greeting.isOver(data)) return
      const { filter, backfill = true } = validate(subscription, parseJson(data))
      subscribed = true
      subscribe(context, connection, { filter, backfill })
    } catch (error) {
      connection.close(PROTOCOL_ERROR, reasonOf(error))
    }
  })
  connection.on('error', () => undefined) // 'close' follows
  keepAlive(context, connection)
}

/** Who does not answer a ping is gone, however quiet the line is. */
function keepAlive({ app }: HttpContext, connection: WebSocket): void {
  let answered = true
  let stop: () => void = () => undefined
  const look = (): void => {
    if (!answered) return connection.terminate()
    answered = false
    connection.ping()
    stop = app.clock.after(PING_MS, look)
  }
  stop = app.clock.after(PING_MS, look)
  connection.on('pong', () => {
    answered = true
  })
  connection.on('close', () => stop())
}

interface Wanted {
  readonly filter: Filter
  readonly backfill: boolean
}

function subscribe(context: HttpContext, connection: WebSocket, { filter: given, backfill }: Wanted): void {
  const { app, log } = context
  const filter = clamp(given, app.clock.now())
  const sent = new Set<string>()
  /** What comes while the past is read; null once that was sent. */
  let queue: { id: string; text: string }[] | null = []
  let queued = 0

  const send = (id: string, text: string): void => {
    if (sent.delete(id)) return
    connection.send(text)
    if (connection.bufferedAmount > BEHIND_BYTES_MAX) cutOff()
  }
  const cutOff = (): void => {
    log('warning', `a subscriber of events was more than ${BEHIND_BYTES_MAX} bytes behind and was cut off`)
    stop()
    connection.terminate()
  }
  const see = ({ id }: Event, text: string): void => {
    if (queue === null) return send(id, text)
    queue.push({ id, text })
    queued += text.length
    if (queued > BEHIND_BYTES_MAX) cutOff()
  }
  const stop = app.feed.watch({ filter: compileEventFilter(filter), see })
  connection.on('close', stop)

  const start = async (): Promise<void> => {
    if (backfill) await sendPast(context, connection, filter, sent)
    const waiting = queue ?? []
    queue = null
    for (const { id, text } of waiting) send(id, text)
    app.clock.after(OVERLAP_MS, () => sent.clear())
  }
  start().catch((error: unknown) => {
    log('error', `a subscriber could not be told what has happened: ${reasonOf(error)}`)
    stop()
    connection.close(INTERNAL, reasonOf(error))
  })
}

/** No more than a while back, oldest first, and without an end where none was given. */
function clamp(filter: Filter, now: Micros): Filter {
  const earliest = now - BACKFILL_MICROS
  const since = Math.max(earliest, parseIso(filter.occurred?.since ?? '') ?? earliest)
  return { ...filter, occurred: { ...filter.occurred, since: toIso(since) }, order: 'ASC' }
}

/** Sends what has happened; `sent` has what may come once more. */
async function sendPast({ app }: HttpContext, connection: WebSocket, filter: Filter, sent: Set<string>): Promise<void> {
  const { store } = app
  const flushed = (): Promise<void> => store.transaction(async () => undefined)
  // A unit of work that began before the subscription is not told to it: it is in the tables from here on.
  await flushed()
  let after: EventPlace | undefined
  for (;;) {
    const page = await store.read.events({ filter, limit: PAGE_EVENTS, ...(after ? { after } : {}) })
    await flushed()
    for (const { id, text } of page.events) {
      sent.add(id)
      connection.send(`{"type":"event","event":${text}}`)
    }
    if (!page.hasMore || connection.readyState !== connection.OPEN) return
    const last = page.events.at(-1)
    if (last) after = { at: last.at, id: last.id }
    await drained(connection)
  }
}

/** Settles when what was sent is on its way, or the connection is gone. */
const drained = (connection: WebSocket): Promise<void> =>
  new Promise((resolve) => {
    connection.once('close', () => resolve())
    connection.ping(undefined, undefined, () => resolve())
  })
