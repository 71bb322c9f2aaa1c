/** A server on this machine: its home folder, store, sockets and HTTP around the inside of `assemble.ts`, started and stopped in order. */
import { mkdir, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { AppError, type FlowRun } from '@pilotflame/core'
import { createHttpServer } from './api/http-server.ts'
import type { App, HttpSettings } from './app.ts'
import { assemble } from './assemble.ts'
import { checkBind } from './auth/door.ts'
import { loadSecretKey } from './auth/secrets.ts'
import { listenOnSocket } from './dispatch/socket-listener.ts'
import type { EngineCore } from './engine/engine-core.ts'
import type { Clock, Flush, Processes, Random } from './ports.ts'
import { type Practising, startPractice } from './practice/practice.ts'
import { onThisMachine } from './practice/wires.ts'
import { DEFAULT_RETENTION, type RetentionSettings } from './scheduler/retention.ts'
import { openServerStore } from './store/open.ts'
import { nodeClock, nodeProcesses, nodeRandom } from './system/node-ports.ts'

export interface ServerSettings extends HttpSettings {
  /** The folder of the database, the channel's socket and the secret key. */
  readonly home: string
  readonly version: string
  readonly log?: EngineCore['log']
  /** Told of each run that has ended, after the flush. */
  readonly onRunEnd?: (run: FlowRun) => void
  /** How long what has ended is kept. Default: 7 days. */
  readonly retention?: RetentionSettings
  /** Practises on events for nobody: see `practice/practice.ts`. Default: true. */
  readonly prime?: boolean
}

/** What tests and simulations put in the place of this machine. */
export interface ServerPorts {
  readonly clock: Clock
  readonly random: Random
  readonly processes: Processes
  /** Default: `fdatasync` of the database's log. */
  readonly flush?: (real: Flush) => Flush
}

export interface RunningServer {
  readonly app: App
  readonly port: number
  /** Such as `http://127.0.0.1:4200/api`. */
  readonly apiUrl: string
  stop(): Promise<void>
}

/** `given` takes the place of this machine's own. */
export async function startServer(settings: ServerSettings, given: Partial<ServerPorts> = {}): Promise<RunningServer> {
  const ports: ServerPorts = { clock: nodeClock(), random: nodeRandom(), processes: nodeProcesses(), ...given }
  checkBind(settings)
  await makeHome(settings.home)
  const holder = `pid ${process.pid} on ${hostname()}, http://${settings.host}:${settings.port}`
  const { log } = settings
  const store = await openServerStore({
    home: settings.home,
    holder,
    wrapFlush: ports.flush,
    ...(log ? { onWarning: (message: string) => log('warning', message) } : {}),
    // 2 ms: a short run has reported its end by then.
    later: (callback) => void ports.clock.after(2, callback),
  })
  try {
    return await startOn(store, settings, ports)
  } catch (error) {
    await store.close()
    throw error
  }
}

async function startOn(store: App['store'], settings: ServerSettings, ports: ServerPorts): Promise<RunningServer> {
  const log = settings.log ?? (() => undefined)
  const stopping = new AbortController()
  let apiUrl = ''
  let practice: Practising | undefined
  const inside = await assemble({
    store,
    ports,
    log,
    version: settings.version,
    secretKey: await loadSecretKey(settings.home),
    apiUrl: () => apiUrl,
    retention: settings.retention ?? DEFAULT_RETENTION,
    onRunEnd: (run) => {
      practice?.runEnded()
      settings.onRunEnd?.(run)
    },
  })
  const socket = await listenOnSocket(join(settings.home, 'channel.sock'), inside.app.channel)
  const http = createHttpServer(inside.app, settings, { socketPath: socket.path, log })
  const { port } = await http.listen().catch(async (error: unknown) => {
    await socket.close()
    throw error
  })
  apiUrl = `http://${printable(settings.host)}:${port}/api`
  inside.start()
  const wires = socket.path === null ? null : () => onThisMachine(settings.home)
  if (settings.prime ?? true) practice = startPractice({ ports, wires, signal: stopping.signal, log })
  return {
    app: inside.app,
    port,
    apiUrl,
    async stop() {
      stopping.abort()
      inside.stop()
      await http.close()
      await socket.close()
      await practice?.idle()
      await store.close()
    },
  }
}

/** The address to type: the ones that mean "everywhere" cannot be asked. */
const printable = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host

/** Folder by folder: Node's own recursive way never ends below a file system that makes no folders, such as /proc. */
async function makeFolder(path: string): Promise<void> {
  const make = () => mkdir(path, { mode: 0o700 })
  try {
    await make()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await make()
  }
}

async function makeHome(home: string): Promise<void> {
  try {
    await makeFolder(resolve(home))
  } catch (cause) {
    const { code, message: said } = cause as NodeJS.ErrnoException
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file is in its place, or in that of a folder above it' : said
    const message = `The home folder ${home} cannot be made: ${why}. Name another one with --home or PILOTFLAME_HOME.`
    throw new AppError('home_not_writable', message, { cause })
  }
}
