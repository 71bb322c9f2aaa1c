/**
 * Takes events for nobody: through HTTP, the store, the automations and an executor's channel, on a store in memory and a
 * server that nothing else can reach. The real events after it find compiled what they pass through.
 */
import type { Duplex } from 'node:stream'
import { createHttpServer } from '../api/http-server.ts'
import type { HttpSettings } from '../app.ts'
import { assemble, type InsideParts } from '../assemble.ts'
import { serveConnection } from '../dispatch/socket-listener.ts'
import { openSqliteStore } from '../store/sqlite-store.ts'
import { PrimingExecutor, PrimingHost } from './executor.ts'
import { eventOf, Sender } from './sender.ts'
import type { Wires } from './wires.ts'

type Ports = InsideParts['ports']

const SETTINGS: HttpSettings = { host: '127.0.0.1', port: 0, authString: null, allowedHosts: [], bodyBytesMax: 100_000 }
/** As the server's own store: its tables are written when a short run has reported its end. */
const LATER_MS = 2

export interface Practice {
  readonly ports: Ports
  readonly wires: Wires
  readonly events: number
  /** Of pause between two of them. */
  readonly everyMs: number
  /** Each run in a process of its own, as a host's are: it joins, takes the run and leaves. */
  readonly fresh: boolean
  readonly signal: AbortSignal
}

/** Settles with the number of runs that came to their end, when it is done or soon after `signal` was aborted. */
export async function prime({ ports, wires, events, everyMs, fresh, signal }: Practice): Promise<number> {
  const { clock } = ports
  const store = await openSqliteStore({
    path: ':memory:',
    flush: wires.journal.flush,
    journal: wires.journal,
    reader: 'inline',
    turns: { later: (callback) => void clock.after(LATER_MS, callback) },
  })
  const secretKey = new Uint8Array(32)
  const inside = await assemble({ store, ports, log: () => undefined, version: '', secretKey, apiUrl: () => '' })
  const http = createHttpServer(inside.app, SETTINGS, { socketPath: null })
  const lines = new Lines(wires, signal)
  const channel = () => lines.connect((connection) => serveConnection(connection, inside.app.channel))
  let n = 0
  inside.start()
  try {
    const sender = new Sender(await lines.connect(http.serve))
    const runs = fresh ? await inFresh(lines, channel, ports) : await inOne(lines, channel, ports)
    while (n < events && !signal.aborted) {
      await runs((ended) => lines.wait(Promise.all([ended, sender.post('/api/events', eventOf(n, ports))])))
      n += 1
      if (everyMs > 0) await lines.wait(pause(clock, everyMs))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    inside.stop()
    lines.close()
    await store.close()
  }
  return n
}

const pause = (clock: Ports['clock'], ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve))

/** The connections of a practice. Nothing is waited for any longer when one has closed too early, or at the signal. */
class Lines {
  readonly #wires: Wires
  readonly #over = Promise.withResolvers<never>()
  /** Both ends of each. */
  readonly #open = new Map<Duplex, Duplex>()

  constructor(wires: Wires, signal: AbortSignal) {
    this.#wires = wires
    this.#over.promise.catch(() => undefined) // whether or not somebody waits
    const stop = () => this.#over.reject(new Error('the server stops'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  }

  wait<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#over.promise])
  }

  async connect(serve: (connection: Duplex) => void): Promise<Duplex> {
    const [client, server] = await this.wait(this.#wires.connect())
    this.#open.set(client, server)
    client.on('error', () => undefined) // 'close' follows
    client.on('close', () => {
      if (this.#open.delete(client)) this.#over.reject(new Error('a connection of its own was closed'))
    })
    serve(server)
    return client
  }

  /** Ends it as whoever leaves does: what was sent is read first. */
  hangUp(client: Duplex): void {
    this.#open.delete(client)
    client.end()
  }

  close(): void {
    for (const ends of this.#open) for (const end of ends) end.destroy()
    this.#open.clear()
  }
}

/** Has an executor for the next run, while `work` sends its event; `ended` settles with the run. */
type Runs = (work: (ended: Promise<void>) => Promise<unknown>) => Promise<void>
type Connect = () => Promise<Duplex>

async function inOne(lines: Lines, connect: Connect, ports: Ports): Promise<Runs> {
  const executor = new PrimingExecutor(await connect(), ports)
  await lines.wait(executor.join({ limit: 10 }))
  return async (work) => void (await work(executor.ended()))
}

async function inFresh(lines: Lines, connect: Connect, ports: Ports): Promise<Runs> {
  const host = new PrimingHost(await connect(), ports)
  await lines.wait(host.joinAsHost())
  return async (work) => {
    const connection = await connect()
    const executor = new PrimingExecutor(connection, ports)
    const sessionId = await lines.wait(host.joined(executor))
    await work(executor.ended())
    lines.hangUp(connection)
    host.gone(sessionId)
  }
}
