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
import type { Wires } from '../system/wires.ts'
import { PrimingExecutor, PrimingHost } from './executor.ts'
import { eventOf, Sender } from './sender.ts'

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
    flush: wires.flush,
    reader: 'inline',
    later: (callback) => void clock.after(LATER_MS, callback),
  })
  const secretKey = new Uint8Array(32)
  const inside = await assemble({ store, ports, log: () => undefined, version: '', secretKey, apiUrl: () => '' })
  const http = createHttpServer(inside.app, SETTINGS, { socketPath: null })
  const open = new Set<Duplex>()
  const connect = async (serve: (connection: Duplex) => void): Promise<Duplex> => {
    const ends = await wires.connect()
    for (const end of ends) open.add(end.on('close', () => open.delete(end)))
    serve(ends[1])
    return ends[0]
  }
  const channel = () => connect((connection) => serveConnection(connection, inside.app.channel))
  inside.start()
  try {
    const sender = new Sender(await connect(http.serve))
    const runs = fresh ? await inFresh(channel, ports) : await inOne(channel, ports)
    let n = 0
    while (n < events && !signal.aborted) {
      await runs((ended) => Promise.all([ended, sender.post('/api/events', eventOf(n, ports))]))
      n += 1
      if (everyMs > 0) await pause(clock, everyMs)
    }
    return n
  } finally {
    inside.stop()
    for (const end of open) end.destroy()
    await store.close()
  }
}

const pause = (clock: Ports['clock'], ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve))

/** Has an executor for the next run, while `work` sends its event; `ended` settles with the run. */
type Runs = (work: (ended: Promise<void>) => Promise<unknown>) => Promise<void>

async function inOne(channel: () => Promise<Duplex>, ports: Ports): Promise<Runs> {
  const executor = new PrimingExecutor(await channel(), ports)
  await executor.join({})
  return async (work) => void (await work(executor.ended()))
}

async function inFresh(channel: () => Promise<Duplex>, ports: Ports): Promise<Runs> {
  const host = new PrimingHost(await channel(), ports)
  await host.joinAsHost()
  return async (work) => {
    const executor = new PrimingExecutor(await channel(), ports)
    const sessionId = await host.joined(executor)
    await work(executor.ended())
    executor.leave()
    host.gone(sessionId)
  }
}
