/** Websockets: the executors' channel, and Prefect's streams of events into the server and out of it. */
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError, ERRORS } from '@pilotflame/core'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Door } from '../auth/door.ts'
import { serveEventsIn } from './events-in.ts'
import { eventsOut } from './events-out.ts'
import type { HttpContext } from './exchange.ts'
import { leaving } from './handle.ts'
import { type SourceOf, serveLive } from './live.ts'
import { logsOut } from './logs-out.ts'
import { asAppError, errorBody } from './replies.ts'

export const CHANNEL_PROTOCOL_NAME = 'pilotflame.v1'
const PREFECT_PROTOCOL_NAME = 'prefect'
/** Subscribers of Prefect's take 1000 and 1001 for the end, and come back after any other. */
const RESTARTS = 1012
/** A batch of an executor may hold results and chunks; one larger than this is a mistake. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024

export interface Upgrades {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

export function createUpgrades(context: HttpContext, door: Door): Upgrades {
  const shared = { noServer: true, perMessageDeflate: false, clientTracking: true } as const
  const channel = new WebSocketServer({
    ...shared,
    maxPayload: FRAME_BYTES_MAX,
    handleProtocols: (offered) => (offered.has(CHANNEL_PROTOCOL_NAME) ? CHANNEL_PROTOCOL_NAME : false),
  })
  const eventsIn = new WebSocketServer({
    ...shared,
    maxPayload: context.settings.bodyBytesMax,
    // A pong says that everything before its ping is on disk, so it is not given away by itself.
    autoPong: false,
    handleProtocols: prefectProtocol,
  })
  const live = new WebSocketServer({
    ...shared,
    maxPayload: context.settings.bodyBytesMax,
    handleProtocols: prefectProtocol,
  })

  const sources: ReadonlyMap<string, SourceOf> = new Map([
    ['/api/events/out', eventsOut(context.app)],
    ['/api/logs/out', logsOut(context.app)],
  ])

  const accept = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (context.closing.aborted) throw leaving()
    door.checkOrigin(request)
    const path = (request.url ?? '').replace(/\?.*$/, '').replace(/\/$/, '')
    if (path === '/api/channel') {
      door.checkAuth(request)
      checkProtocol(request)
      channel.handleUpgrade(request, socket, head, (connection) => serveChannel(context, connection, request))
      return
    }
    const sourceOf = sources.get(path)
    if (path !== '/api/events/in' && sourceOf === undefined) throw noSuchSocket(path)
    const authorized = !door.needsAuth || hasAuth(door, request)
    if (!authorized && !offers(request, PREFECT_PROTOCOL_NAME)) door.checkAuth(request)
    const server = sourceOf ? live : eventsIn
    server.handleUpgrade(request, socket, head, (connection) => {
      if (sourceOf) serveLive(context, door, connection, { authorized, sourceOf })
      else serveEventsIn(context, door, connection, { authorized })
    })
  }

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy())
      try {
        accept(request, socket, head)
      } catch (error) {
        refuse(socket, asAppError(error))
      }
    },
    close() {
      for (const server of [channel, eventsIn, live]) {
        for (const connection of server.clients) {
          connection.close(RESTARTS, 'the server stops')
          context.app.clock.after(1_000, () => connection.terminate())
        }
      }
    },
  }
}

const prefectProtocol = (offered: ReadonlySet<string>): string | false =>
  offered.has(PREFECT_PROTOCOL_NAME) ? PREFECT_PROTOCOL_NAME : false

/** Prefect's other websockets; they answer as its other routes do. */
const LATER = /^\/api\/(task_runs\/subscriptions\/scheduled|work_pools\/[^/]+\/workers\/connect)$/

const noSuchSocket = (path: string): AppError =>
  LATER.test(path)
    ? new AppError('not_implemented', `The websocket ${path} of Prefect's is not here yet. See docs/compatibility.md.`)
    : new AppError(
        'route_not_found',
        `There is no websocket at ${path}. There are /api/channel, /api/events/in, /api/events/out and /api/logs/out.`,
      )

const offers = (request: IncomingMessage, protocol: string): boolean =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').some((one) => one.trim() === protocol)

function hasAuth(door: Door, request: IncomingMessage): boolean {
  try {
    door.checkAuth(request)
    return true
  } catch {
    return false
  }
}

function checkProtocol(request: IncomingMessage): void {
  if (offers(request, CHANNEL_PROTOCOL_NAME)) return
  throw new AppError(
    'invalid_request',
    `The channel speaks ${CHANNEL_PROTOCOL_NAME}; offer it as Sec-WebSocket-Protocol. Is the SDK as new as the server?`,
  )
}

/** Refuses an upgrade in plain HTTP. */
function refuse(socket: Duplex, error: AppError): void {
  const status = ERRORS[error.code].http
  const body = JSON.stringify(errorBody(error))
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(error.code === 'unauthorized' ? ['www-authenticate: Basic realm="Pilotflame"'] : []),
    'connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** One connection of an executor: a frame per message. */
function serveChannel({ app }: HttpContext, connection: WebSocket, request: IncomingMessage): void {
  const peer = app.channel.connect({
    origin: `websocket from ${request.socket.remoteAddress ?? 'somewhere'}`,
    send: (frame) => connection.send(JSON.stringify(frame)),
    close: () => connection.close(1000),
  })
  connection.on('message', (data) => peer.receive(parse(String(data))))
  connection.on('error', () => undefined) // 'close' follows
  connection.on('close', () => peer.closed())
}

/** What is no JSON is passed on as text, and refused as a frame that is no object. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
