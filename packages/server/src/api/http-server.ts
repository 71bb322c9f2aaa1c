/** The HTTP side of the server: one listener for requests, one for upgrades; opened and closed as a whole. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError } from '@pilotflame/core'
import type { App, HttpSettings } from '../app.ts'
import { createDoor } from '../auth/door.ts'
import type { HttpContext, WriteLog } from './exchange.ts'
import { createRequests, type Requests } from './handle.ts'
import { describeHolder } from './port-holder.ts'
import { createUpgrades } from './upgrades.ts'

export interface HttpServerOptions {
  /** The channel's unix socket on this machine. */
  readonly socketPath: string | null
  readonly log?: WriteLog
}

export interface HttpServer {
  listen(): Promise<{ port: number }>
  /** Answers over this connection, too, whether it listens or not. */
  serve(connection: Duplex): void
  close(): Promise<void>
}

/** Longer than clients keep an idle connection (Prefect's: 25 s), so that none is closed in their hands. */
const KEEP_ALIVE_MS = 35_000
/** What was taken has so long to get its answer when the server closes: a slow disk may hold it. */
const ANSWER_MS = 10_000
/** And then so long to be read. */
const CLOSE_MS = 2_000

const onStandardError: WriteLog = (level, message) => {
  if (level === 'error') console.error(message)
}

/** Another protocol that a client offers (`h2c`: Java's and curl's) is passed over, and the request answered as it is. */
const wantsWebsocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket'

export function createHttpServer(app: App, settings: HttpSettings, options: HttpServerOptions): HttpServer {
  const closing = new AbortController()
  const context: HttpContext = {
    app,
    settings,
    socketPath: options.socketPath,
    log: options.log ?? onStandardError,
    closing: closing.signal,
  }
  const door = createDoor(settings)
  const requests = createRequests(context, door)
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, shouldUpgradeCallback: wantsWebsocket }, requests.listener)
  const upgrades = createUpgrades(context, door)
  server.on('upgrade', upgrades.upgrade)

  return {
    async listen() {
      await open(server, settings, app)
      return { port: (server.address() as AddressInfo).port }
    },

    serve: (connection) => void server.emit('connection', connection),

    async close() {
      closing.abort()
      upgrades.close()
      if (!server.listening) return
      // New requests are answered meanwhile: with 503, and when to come again.
      await answered(requests, app.clock)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const stop = app.clock.after(CLOSE_MS, () => server.closeAllConnections())
      await closed
      stop()
    },
  }
}

function answered(requests: Requests, clock: App['clock']): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock.after(ANSWER_MS, resolve)
    requests.answered().then(() => {
      stop()
      resolve()
    }, resolve)
  })
}

async function open(server: Server, { host, port }: HttpSettings, { clock }: App): Promise<void> {
  const opened = new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  try {
    await opened
  } catch (cause) {
    throw await cannotListen({ host, port }, cause as NodeJS.ErrnoException, clock)
  }
}

async function cannotListen(
  place: { host: string; port: number },
  cause: NodeJS.ErrnoException,
  clock: App['clock'],
): Promise<AppError> {
  const { host, port } = place
  if (cause.code === 'EADDRINUSE') {
    const holder = await describeHolder(place, clock)
    const message = `Port ${port} on ${host} is taken by ${holder}. Stop it, or choose another port with --port.`
    return new AppError('port_taken', message, { cause, facts: { port, host, holder } })
  }
  const reason = cause.code === 'EACCES' ? 'this user may not open it' : cause.message
  return new AppError(
    'port_taken',
    `Port ${port} on ${host} cannot be opened: ${reason}. Choose another one with --port, or another address with --host.`,
    {
      cause,
      facts: { port, host },
    },
  )
}
