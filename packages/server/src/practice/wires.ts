/** What a practising server is connected by: streams in memory, or a socket and a file of this machine. */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import type { BlockFile } from '../ports.ts'
import { blocksInMemory, openBlockFile } from '../store/block-file.ts'

export interface Wires {
  /** A new connection: one end for whoever connects, one for the server. */
  connect(): Promise<readonly [client: Duplex, server: Duplex]>
  readonly journal: BlockFile
  close(): void
}

export const inMemory = (): Wires => ({
  connect: async () => duplexPair(),
  journal: blocksInMemory((done) => void setImmediate(() => done(null))),
  close: () => undefined,
})

/** Not longer than the name of the channel's socket: what that one fits into is long enough for this one. */
const SOCKET_NAME = 'warm-up.sock'

/** The socket has its name in this folder until it is closed; one that a killed server has left is replaced. Rejects where there can be none. */
export async function onThisMachine(folder: string): Promise<Wires> {
  const socketPath = join(folder, SOCKET_NAME)
  const filePath = join(folder, 'practice.tmp')
  rmSync(socketPath, { force: true })
  const file = openBlockFile(filePath)
  file.clear()
  rmSync(filePath) // what is open stays until it is closed
  const open = new Set<Socket>()
  const keep = (socket: Socket): void => {
    open.add(socket)
    socket.on('error', () => undefined) // 'close' follows
    socket.on('close', () => open.delete(socket))
  }
  const server = createServer(keep)
  try {
    server.listen(socketPath)
    await once(server, 'listening')
  } catch (error) {
    file.close()
    throw error
  }
  return {
    async connect() {
      const accepted = once(server, 'connection') as Promise<[Socket]>
      const client = connect(socketPath)
      keep(client)
      const [[socket]] = await Promise.all([accepted, once(client, 'connect')])
      return [client, socket]
    },
    journal: { ...file, clear: () => undefined },
    close() {
      server.close() // and the socket's name goes
      for (const socket of open) socket.destroy()
      file.close()
    },
  }
}
