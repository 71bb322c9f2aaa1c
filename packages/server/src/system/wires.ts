/** What a practising server is connected by: streams in memory, or a socket and a file of this machine. */
import { once } from 'node:events'
import { closeSync, fdatasync, openSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import type { Flush } from '../ports.ts'

export interface Wires {
  /** A new connection: one end for whoever connects, one for the server. */
  connect(): Promise<readonly [client: Duplex, server: Duplex]>
  readonly flush: Flush
  close(): void
}

export const inMemory = async (): Promise<Wires> => ({
  connect: async () => duplexPair(),
  flush: (done) => void setImmediate(() => done(null)),
  close: () => undefined,
})

/** Both have names in this folder for a moment only. Rejects where that cannot be. */
export async function onThisMachine(folder: string): Promise<Wires> {
  const socketPath = join(folder, 'practice.sock')
  const filePath = join(folder, 'practice.tmp')
  rmSync(socketPath, { force: true })
  const file = openSync(filePath, 'w', 0o600)
  rmSync(filePath)
  const server = createServer()
  try {
    server.listen(socketPath)
    await once(server, 'listening')
  } catch (error) {
    closeSync(file)
    throw error
  }
  return {
    async connect() {
      const accepted = once(server, 'connection') as Promise<[Socket]>
      const client = connect(socketPath)
      const [[socket]] = await Promise.all([accepted, once(client, 'connect')])
      return [client, socket]
    },
    flush: (done) => fdatasync(file, done),
    close() {
      server.close() // and the socket's name goes
      closeSync(file)
    },
  }
}
