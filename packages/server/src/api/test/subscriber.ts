/** A subscriber as Prefect's are, of events or of log lines, which keeps what it was told. */
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { TestHttp } from './start.ts'

export interface Subscription {
  readonly filter?: object
  readonly backfill?: boolean
  readonly token?: string | null
  readonly of?: 'events' | 'logs'
}

export async function subscribe(
  http: Pick<TestHttp, 'port'>,
  { filter = {}, backfill, token = null, of = 'events' }: Subscription = {},
) {
  const socket = new WebSocket(`ws://127.0.0.1:${http.port}/api/${of}/out`, 'prefect')
  onTestFinished(() => socket.terminate())
  // biome-ignore lint/suspicious/noExplicitAny: events are looked into freely by tests
  const events: any[] = []
  let wake = (): void => undefined
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  socket.send(JSON.stringify({ type: 'auth', token }))
  const greeting = await Promise.race([closed, new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))])
  socket.on('message', (data) => {
    const { event, log } = JSON.parse(String(data))
    events.push(event ?? log)
    wake()
  })
  if (typeof greeting === 'string') {
    socket.send(JSON.stringify({ type: 'filter', filter, ...(backfill === undefined ? {} : { backfill }) }))
  }
  return {
    greeting,
    socket,
    events,
    closed,
    /** Settles when so many events have come. */
    async count(wanted: number) {
      while (events.length < wanted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return events
    },
    /** Settles when the server has answered all that was sent to it. */
    async pong() {
      const answered = new Promise((resolve) => socket.once('pong', resolve))
      socket.ping()
      await answered
    },
  }
}
