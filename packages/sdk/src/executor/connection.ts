/** One open connection to a server: JSON lines over its unix socket, or over its websocket. */
import { createConnection, type Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'
import { AppError, LineReader } from '@pilotflame/core'
import { WebSocket } from 'ws'
import { monotonicMicros } from '../machine/clock.ts'

/** Where to connect to. */
export type Target =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'websocket'; readonly url: string; readonly headers: Readonly<Record<string, string>> }

export interface Listener {
  /** A frame, and when its bytes were here on the monotonic clock, in microseconds. */
  frame(frame: unknown, readAt: number): void
  /** Called once. */
  closed(reason: string): void
}

export interface Connection {
  /** Sends one line, without its end. */
  send(line: string): void
  /** What was sent before still goes out. At the latest 1 s later it is closed. */
  close(): void
}

const SUBPROTOCOL = 'pilotflame.v1'
const CONNECT_MS_MAX = 10_000
// A server that does not close its end is not waited for.
const CLOSE_MS_MAX = 1_000
// 10 s: a websocket whose other end is gone without a word is noticed after two of these.
const PING_MS = 10_000

/** Splits what comes in into lines, also where one comes in pieces. */
export function createLineReader(onLine: (line: string) => void): (bytes: Buffer) => void {
  const decoder = new StringDecoder('utf8')
  const lines = new LineReader(onLine)
  return (bytes) => lines.push(decoder.write(bytes))
}

const NO_JSON = 'the server sent a line that is no JSON'

function deliver(line: string, readAt: number, listener: Listener, refuse: () => void): void {
  let frame: unknown
  try {
    frame = JSON.parse(line)
  } catch {
    refuse()
    return
  }
  listener.frame(frame, readAt)
}

function watchSocket(socket: Socket, listener: Listener): Connection {
  let readAt = 0
  const read = createLineReader((line) => deliver(line, readAt, listener, () => socket.destroy(new Error(NO_JSON))))
  let reason = 'the server closed the connection'
  socket.on('data', (bytes: Buffer) => {
    readAt = monotonicMicros()
    read(bytes)
  })
  socket.on('error', (error) => {
    reason = error.message
  })
  socket.on('close', () => listener.closed(reason))
  const close = () => {
    socket.end()
    setTimeout(() => socket.destroy(), CLOSE_MS_MAX).unref()
  }
  return { send: (line) => void socket.write(`${line}\n`), close }
}

function openSocket(path: string, listener: Listener): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error('no answer within 10 s')))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', reject)
      resolve(watchSocket(socket, listener))
    })
  })
}

/** Ends a websocket that does not answer. Returns a way to stop watching. */
function ping(socket: WebSocket): () => void {
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  const timer = setInterval(() => {
    if (!answered) return socket.terminate()
    answered = false
    socket.ping()
  }, PING_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function watchWebSocket(socket: WebSocket, listener: Listener): Connection {
  const stopPing = ping(socket)
  let reason = 'the server closed the connection'
  socket.on('message', (data: Buffer) => {
    const readAt = monotonicMicros()
    for (const line of data.toString('utf8').split('\n')) {
      if (line !== '') deliver(line, readAt, listener, () => socket.close(1007, NO_JSON))
    }
  })
  socket.on('error', (error) => {
    reason = error.message
  })
  socket.on('close', () => {
    stopPing()
    listener.closed(reason)
  })
  const close = () => {
    socket.close()
    setTimeout(() => socket.terminate(), CLOSE_MS_MAX).unref()
  }
  return { send: (line) => socket.send(line), close }
}

const unauthorized = (url: string): AppError =>
  new AppError(
    'unauthorized',
    `The server at ${url} did not accept the auth string. Set PILOTFLAME_API_AUTH_STRING to user:password.`,
  )

function openWebSocket({ url, headers }: Extract<Target, { kind: 'websocket' }>, listener: Listener): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [SUBPROTOCOL], { headers, perMessageDeflate: false, handshakeTimeout: CONNECT_MS_MAX })
    socket.binaryType = 'nodebuffer'
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0
      reject(status === 401 || status === 403 ? unauthorized(url) : new Error(`the server answered ${status}`))
      socket.terminate()
    })
    socket.once('open', () => {
      socket.off('error', reject)
      resolve(watchWebSocket(socket, listener))
    })
  })
}

/** Rejects when it cannot be opened; with `unauthorized` when the server does not let us in. */
export const connect = (target: Target, listener: Listener): Promise<Connection> =>
  target.kind === 'socket' ? openSocket(target.path, listener) : openWebSocket(target, listener)
