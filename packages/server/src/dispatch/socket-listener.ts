/** The channel on this machine: JSON lines over a unix socket in the home folder that only its owner can open. */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError, LineReader } from '@pilotflame/core'
import type { Channel } from '../app.ts'

/** Linux holds socket paths of at most 107 bytes; a longer home folder goes by the websocket. */
const PATH_BYTES_MAX = 103

export interface SocketListener {
  /** Null where the path is too long for a socket. */
  readonly path: string | null
  close(): Promise<void>
}

export async function listenOnSocket(path: string, channel: Channel): Promise<SocketListener> {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) return { path: null, close: async () => undefined }
  // The database's lock says that no other server lives here, so a socket that is left over is nobody's.
  await rm(path, { force: true })
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    serveConnection(socket, channel)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  }).catch((cause: Error) => {
    throw new AppError('home_not_writable', `The channel's socket ${path} cannot be opened: ${cause.message}.`, { cause })
  })
  await chmod(path, 0o600)
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

/** Speaks the channel over one connection. */
export function serveConnection(socket: Duplex, channel: Channel): void {
  const peer = channel.connect({
    origin: 'unix socket',
    send: (frame) => void socket.write(`${JSON.stringify(frame)}\n`),
    close: () => void socket.end(),
  })
  const lines = new LineReader((line) => peer.receive(parse(line)))
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => lines.push(text))
  socket.on('error', () => undefined) // 'close' follows
  socket.on('close', () => peer.closed())
}

/** What is no JSON is passed on as text, and refused as a frame that is no object. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}
