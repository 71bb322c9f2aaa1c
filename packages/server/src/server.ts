/**
 * Puts a server together: store, engine, automations, channel, streams, background jobs and HTTP, and starts and
 * stops them in order. Memory beside the database (automations, waiting runs, sessions) is rebuilt here.
 */
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { AppError, createAutomationIndex, type FlowRun } from '@pilotflame/core'
import { createHttpServer } from './api/http-server.ts'
import type { App, HttpSettings } from './app.ts'
import { checkBind } from './auth/door.ts'
import { createHookService } from './auth/hook-service.ts'
import { loadSecretKey } from './auth/secrets.ts'
import { matchEvents } from './automations/match-events.ts'
import { createAutomations } from './automations/service.ts'
import { createChannel } from './dispatch/channel.ts'
import { liveness } from './dispatch/liveness.ts'
import { createPump } from './dispatch/pump.ts'
import { listenOnSocket } from './dispatch/socket-listener.ts'
import { createEngine } from './engine/engine.ts'
import type { EngineCore } from './engine/engine-core.ts'
import { RunWaiters } from './engine/run-waiters.ts'
import { SchemaCache } from './engine/schema-cache.ts'
import { createIntake } from './events/intake.ts'
import { Registry } from './executors/registry.ts'
import { runLoop } from './loop.ts'
import type { Clock, Flush, Processes, Random } from './ports.ts'
import { lateRuns } from './scheduler/late-runs.ts'
import { openServerStore } from './store/open.ts'
import { createStreams } from './streams/streams.ts'
import { nodeClock, nodeProcesses, nodeRandom } from './system/node-ports.ts'

export interface ServerSettings extends HttpSettings {
  /** The folder of the database, the channel's socket and the secret key. */
  readonly home: string
  readonly version: string
  readonly log?: EngineCore['log']
  /** Told of each run that has ended, after the flush. */
  readonly onRunEnd?: (run: FlowRun) => void
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

const nodePorts = (): ServerPorts => ({ clock: nodeClock(), random: nodeRandom(), processes: nodeProcesses() })

export async function startServer(settings: ServerSettings, ports: ServerPorts = nodePorts()): Promise<RunningServer> {
  checkBind(settings)
  await makeHome(settings.home)
  const holder = `pid ${process.pid} on ${hostname()}, http://${settings.host}:${settings.port}`
  const store = await openServerStore({
    home: settings.home,
    holder,
    wrapFlush: ports.flush,
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
  const core: EngineCore = {
    store,
    clock: ports.clock,
    random: ports.random,
    registry: new Registry(),
    index: createAutomationIndex(),
    schemas: new SchemaCache(),
    waiters: new RunWaiters(),
    committedAt: new Map(),
    onEnd: [],
    match: (work, receivedMark) => matchEvents(core, work, receivedMark),
    log,
  }
  await remember(core)
  const streams = createStreams(store)
  core.onEnd.push((run) => streams.ended(run))
  if (settings.onRunEnd) core.onEnd.push(settings.onRunEnd)
  let apiUrl = ''
  let wakeLiveness = (): void => undefined
  const channel = createChannel({ core, streams, apiUrl: () => apiUrl, onClosed: () => wakeLiveness() })
  const app: App = {
    clock: ports.clock,
    random: ports.random,
    store,
    intake: createIntake(core),
    engine: createEngine(core),
    automations: createAutomations(core),
    streams,
    channel,
    hooks: createHookService({ store, clock: ports.clock, random: ports.random, key: await loadSecretKey(settings.home) }),
    executors: listExecutors(core.registry),
    version: settings.version,
  }
  const socket = await listenOnSocket(join(settings.home, 'channel.sock'), channel)
  const http = createHttpServer(app, settings, { socketPath: socket.path, log })
  const { port } = await http.listen().catch(async (error: unknown) => {
    await socket.close()
    throw error
  })
  apiUrl = `http://${printable(settings.host)}:${port}/api`
  const pump = createPump(core)
  const report = (message: string): void => log('error', message)
  const alive = runLoop(ports.clock, liveness({ ...ports, registry: core.registry, end: channel.end }), report)
  const late = runLoop(ports.clock, lateRuns(core), report)
  wakeLiveness = alive.wake
  return {
    app,
    port,
    apiUrl,
    async stop() {
      alive.stop()
      late.stop()
      pump.stop()
      await http.close()
      await socket.close()
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
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await make()
  }
}

async function makeHome(home: string): Promise<void> {
  try {
    await makeFolder(resolve(home))
  } catch (cause) {
    const message = `The home folder ${home} cannot be made: ${(cause as Error).message}. Name another one with --home or PILOTFLAME_HOME.`
    throw new AppError('home_not_writable', message, { cause })
  }
}

/** Rebuilds the caches: automations, waiting runs, and the sessions that may come back, with the runs they hold. */
async function remember({ store, index, registry, clock }: EngineCore): Promise<void> {
  const known = await store.transaction(async (tx) => {
    const sessions = await tx.loadSessions()
    const held = await Promise.all(sessions.map(({ id }) => tx.findRunsOfSession(id)))
    return { automations: await tx.loadAutomations(), waiting: await tx.loadWaitingRuns(), sessions, held }
  })
  for (const automation of known.automations) index.put(automation)
  for (const run of known.waiting) registry.wait(run)
  const closedAt = clock.monotonic()
  known.sessions.forEach((row, position) => {
    const running = new Map((known.held[position] ?? []).map((run) => [run.id, run.epoch]))
    registry.add({
      ...row,
      limit: 0,
      offers: new Map(),
      running,
      reserved: 0,
      peer: null,
      draining: false,
      closedAt,
      beatAt: null,
    })
  })
}

const listExecutors = (registry: Registry): App['executors'] => ({
  list: () =>
    [...registry.sessions.values()]
      .filter(({ peer }) => peer !== null)
      .map(({ id, name, host, pid, offers, running, limit }) => ({
        session_id: id,
        name,
        host,
        pid,
        deployments: [...offers.keys()],
        running: running.size,
        limit,
      })),
  freeFor: (deploymentId) => registry.freeFor(deploymentId),
})
