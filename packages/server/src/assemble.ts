/**
 * Puts the inside of a server together: engine, automations, channel, streams and background jobs on a store and the
 * five ports. Nothing here opens a file or a socket: `server.ts` does, and a simulation puts others in their place.
 * Memory beside the database (automations, waiting runs, sessions) is rebuilt here.
 */
import { createAutomationIndex, type FlowRun } from '@pilotflame/core'
import type { App } from './app.ts'
import { createHookService } from './auth/hook-service.ts'
import { matchEvents } from './automations/match-events.ts'
import { createAutomations } from './automations/service.ts'
import { createChannel } from './dispatch/channel.ts'
import { liveness } from './dispatch/liveness.ts'
import { createPolls } from './dispatch/polls.ts'
import { createPump } from './dispatch/pump.ts'
import { createEngine } from './engine/engine.ts'
import type { EngineCore } from './engine/engine-core.ts'
import { EventFeed } from './engine/event-feed.ts'
import { acceptLogs, LogFeed } from './engine/log-feed.ts'
import { Pauses } from './engine/pauses.ts'
import { RunWaiters } from './engine/run-waiters.ts'
import { SchemaCache } from './engine/schema-cache.ts'
import { createIntake } from './events/intake.ts'
import { Hosts } from './executors/hosts.ts'
import { Registry } from './executors/registry.ts'
import { rememberedSession } from './executors/session.ts'
import { runLoop } from './loop.ts'
import type { Clock, Processes, Random } from './ports.ts'
import { startClientRunJobs } from './scheduler/client-runs.ts'
import { lateRuns } from './scheduler/late-runs.ts'
import { createRetention, KEEP_ALL, type RetentionSettings } from './scheduler/retention.ts'
import { createStreams } from './streams/streams.ts'

export interface InsideParts {
  readonly store: App['store']
  readonly ports: { readonly clock: Clock; readonly random: Random; readonly processes: Processes }
  readonly log: EngineCore['log']
  readonly version: string
  /** Encrypts the secrets of hooks. */
  readonly secretKey: Parameters<typeof createHookService>[0]['key']
  readonly apiUrl: () => string
  /** Told of each run that has ended, after the flush. */
  readonly onRunEnd?: (run: FlowRun) => void
  /** Default: nothing is removed. */
  readonly retention?: RetentionSettings
}

export interface Inside {
  readonly app: App
  /** What the engine holds in memory; a simulation looks at it. */
  readonly core: EngineCore
  /** Starts the background jobs. */
  start(): void
  stop(): void
}

export async function assemble({
  store,
  ports,
  log,
  version,
  secretKey,
  apiUrl,
  onRunEnd,
  retention,
}: InsideParts): Promise<Inside> {
  const { clock, random } = ports
  const registry = new Registry()
  const core: EngineCore = {
    store,
    clock,
    random,
    registry,
    hosts: new Hosts(registry, clock),
    index: createAutomationIndex(),
    schemas: new SchemaCache(),
    waiters: new RunWaiters(),
    pauses: new Pauses(),
    giveWay: () => ports.processes.giveWay(),
    committedAt: new Map(),
    onEnd: [],
    onInterrupted: [],
    onDeleted: [],
    feed: new EventFeed(),
    logs: new LogFeed(),
    match: (work, receivedMark) => matchEvents(core, work, receivedMark),
    log,
  }
  await remember(core)
  const streams = createStreams(store)
  core.onEnd.push((run) => streams.ended(run))
  core.onInterrupted.push((run) => streams.interrupted(run))
  core.onDeleted.push((runId) => streams.deleted(runId))
  if (onRunEnd) core.onEnd.push(onRunEnd)
  let wakeLiveness = (): void => undefined
  const channel = createChannel({ core, streams, apiUrl, onClosed: () => wakeLiveness() })
  const old = createRetention(core, retention ?? KEEP_ALL)
  const app: App = {
    clock,
    random,
    store,
    intake: createIntake(core),
    engine: createEngine(core),
    automations: createAutomations(core),
    streams,
    channel,
    hooks: createHookService({ store, clock, random, key: secretKey }),
    retention: old,
    executors: listExecutors(core.registry),
    feed: core.feed,
    logs: { accept: (lines) => acceptLogs(core, lines), watch: (watcher) => core.logs.watch(watcher) },
    polls: createPolls(core),
    version,
  }
  const stops: (() => void)[] = []
  return {
    app,
    core,
    start() {
      const pump = createPump(core)
      const report = (message: string): void => log('error', message)
      const alive = runLoop(clock, liveness({ ...ports, ...channel, registry }), report)
      const late = runLoop(clock, lateRuns(core), report)
      wakeLiveness = alive.wake
      if (retention) stops.push(runLoop(clock, old.loop, report).stop)
      stops.push(pump.stop, alive.stop, late.stop, startClientRunJobs(core, report))
    },
    stop() {
      for (const stop of stops.splice(0)) stop()
    },
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
    registry.add(rememberedSession(row, running, closedAt))
  })
}

const listExecutors = (registry: Registry): App['executors'] => ({
  list: () =>
    [...registry.sessions.values()]
      .filter(({ peer }) => peer !== null)
      .map(({ id, name, host, pid, role, hostSessionId, offers, running, limit }) => ({
        session_id: id,
        name,
        host,
        pid,
        role,
        host_session_id: hostSessionId,
        deployments: [...offers.keys()],
        running: running.size,
        limit,
      })),
  freeFor: (deploymentId) => registry.freeFor(deploymentId),
})
