/**
 * What Prefect's subscribers are told over a websocket, of events or of log lines: a greeting, a filter, then what has
 * happened lately, then what happens.
 *
 * 1. Whoever subscribes is watching before the past is read, so nothing is missed in between; what both have is sent once.
 * 2. Nothing is sent before its flush (I5): the store is asked for a flush after the past was read.
 * 3. A subscriber that does not keep up is cut off. It comes back and asks for what it missed; nobody waits for it.
 */
import type { WebSocket } from 'ws'
import type { Door } from '../auth/door.ts'
import type { HttpContext } from './exchange.ts'
import { greetingOf, reasonOf } from './greeting.ts'
import { parseJson } from './read-body.ts'

const PROTOCOL_ERROR = 1002
const INTERNAL = 1011
/**
 * So much may wait for a subscriber; one that is further behind when there is more for it is cut off. How large one
 * message is cuts nobody off: who comes back would meet it again, for ever.
 */
const BEHIND_BYTES_MAX = 8 * 1024 * 1024
/** Twice this without an answer to a ping, and the subscriber is gone. */
const PING_MS = 30_000
/** So long after the past was sent, what is live may still be a part of it. */
const OVERLAP_MS = 5_000

export interface Message {
  readonly id: string
  readonly text: string
}

/** What a subscriber has asked for. */
export interface Source {
  /** Tells of everything that comes from now on. Returns a way to stop. */
  watch(see: (message: Message) => void): () => void
  /** What has happened, page by page and oldest first; read when the one before is on its way. */
  past(): AsyncIterable<readonly Message[]>
}

/** `sourceOf` reads the message with the filter; it throws for what is none. */
export type SourceOf = (message: unknown) => Source

export function serveLive(
  context: HttpContext,
  door: Door,
  connection: WebSocket,
  { authorized, sourceOf }: { authorized: boolean; sourceOf: SourceOf },
): void {
  const greeting = greetingOf(connection, door, authorized)
  let subscribed = false
  connection.on('message', (data: Buffer) => {
    try {
      if (subscribed || !greeting.isOver(data)) return
      const source = sourceOf(parseJson(data))
      subscribed = true
      deliver(context, connection, source)
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

function deliver(context: HttpContext, connection: WebSocket, source: Source): void {
  const { app, log } = context
  const sent = new Set<string>()
  /** What comes while the past is read; null once that was sent. */
  let queue: Message[] | null = []
  let queued = 0

  const send = ({ id, text }: Message): void => {
    if (sent.delete(id) || connection.readyState !== connection.OPEN) return
    if (connection.bufferedAmount > BEHIND_BYTES_MAX) return cutOff()
    connection.send(text)
  }
  const cutOff = (): void => {
    log('warning', `a subscriber was more than ${BEHIND_BYTES_MAX} bytes behind and was cut off`)
    stop()
    connection.terminate()
  }
  const see = (message: Message): void => {
    if (queue === null) return send(message)
    if (queued > BEHIND_BYTES_MAX) return cutOff()
    queue.push(message)
    queued += message.text.length
  }
  const stop = source.watch(see)
  connection.on('close', stop)

  const start = async (): Promise<void> => {
    await sendPast(context, connection, source, sent)
    const waiting = queue ?? []
    queue = null
    for (const message of waiting) send(message)
    app.clock.after(OVERLAP_MS, () => sent.clear())
  }
  start().catch((error: unknown) => {
    log('error', `a subscriber could not be told what has happened: ${reasonOf(error)}`)
    stop()
    connection.close(INTERNAL, reasonOf(error))
  })
}

/** Sends what has happened; `sent` has what may come once more. */
async function sendPast({ app }: HttpContext, connection: WebSocket, source: Source, sent: Set<string>): Promise<void> {
  const flushed = (): Promise<void> => app.store.transaction(async () => undefined)
  // A unit of work that began before the subscription is not told to it: it is in the tables from here on.
  await flushed()
  for await (const page of source.past()) {
    await flushed()
    for (const { id, text } of page) {
      sent.add(id)
      connection.send(text)
      if (connection.bufferedAmount > BEHIND_BYTES_MAX) await drained(connection)
      if (connection.readyState !== connection.OPEN) return
    }
    await drained(connection)
  }
}

/** Settles when what was sent is on its way, or the connection is gone. */
const drained = (connection: WebSocket): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      connection.off('close', done)
      resolve()
    }
    connection.once('close', done)
    connection.ping(undefined, undefined, done)
  })
