/** One open connection to a server: JSON lines over its unix socket, or over its websocket. */
import { createConnection, type Socket } from 'node:net'
import { monotonicMicros } from '../machine/clock.ts'
import {
  CLOSE_MS_MAX,
  CONNECT_MS_MAX,
  type Connection,
  createLineReader,
  deliver,
  type Listener,
  NO_JSON,
  type Target,
} from './channel-lines.ts'

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

/** Rejects when it cannot be opened; with `unauthorized` when the server does not let us in. */
export const connect = async (target: Target, listener: Listener): Promise<Connection> =>
  target.kind === 'socket' ? openSocket(target.path, listener) : (await import('./websocket.ts')).openWebSocket(target, listener)
