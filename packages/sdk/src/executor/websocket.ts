/** A connection to a server elsewhere: its websocket. Loaded late, for it brings half of Node's network with it. */
import { AppError } from '@pilotflame/core'
import { WebSocket } from 'ws'
import { monotonicMicros } from '../machine/clock.ts'
import { CLOSE_MS_MAX, CONNECT_MS_MAX, type Connection, deliver, type Listener, NO_JSON, type Target } from './channel-lines.ts'

const SUBPROTOCOL = 'pilotflame.v1'
// 10 s: a websocket whose other end is gone without a word is noticed after two of these.
const PING_MS = 10_000

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

/** Rejects with `unauthorized` when the server does not let us in. */
export function openWebSocket({ url, headers }: Extract<Target, { kind: 'websocket' }>, listener: Listener): Promise<Connection> {
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
