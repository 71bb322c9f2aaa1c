/**
 * Gives a run to an executor: the lease is granted inside the body that is under way, the message leaves after its
 * flush. A run for which no place is free waits; nothing polls for it.
 */
import { decide, type FlowRun, flowRunPolicy, grantLease, MARKS, type Marks, type RunFrame, type State } from '@pilotflame/core'
import type { Session } from '../executors/session.ts'
import type { RecordedResult } from '../store/store.ts'
import type { EngineCore } from './engine-core.ts'
import type { Work } from './work.ts'

/** The number of the attempt that comes next, before it is Running. */
const nextAttempt = (run: FlowRun): number => run.runCount + 1

/**
 * Tries to lease a due, scheduled run: the run as it is then, and the state it entered; null when it has to wait.
 * `place` is one that was reserved before, for this run; it stays the caller's when the run is not leased.
 */
export function tryLease(core: EngineCore, work: Work, run: FlowRun, place?: Session): { run: FlowRun; state: State } | null {
  if (run.deploymentId === null || run.state.type !== 'SCHEDULED') return null
  const now = core.clock.now()
  if ((run.state.scheduledAt ?? now) > now) return null // it is early: it waits, and takes no place meanwhile
  const decision = decide(flowRunPolicy, { run, proposed: { id: core.random.uuid(), type: 'PENDING' }, now, byExecutor: false })
  if (decision.status !== 'ACCEPT') return null
  const session = place ?? core.registry.reserve(run.deploymentId)
  if (!session) return null
  if (!place) work.reserved.push(session)
  const version = session.offers.get(run.deploymentId) ?? null
  const leased = grantLease({ ...run, versionId: version }, decision.state, session.id)
  work.afterwards(() => {
    if (!place) core.committedAt.set(run.id, core.clock.monotonic()) // one that has waited was committed before
    send(core, session, leased, work.recorded.get(run.id) ?? [])
  })
  return { run: leased, state: decision.state }
}

/** Sends a leased run whose lease is on disk. */
export function send(core: EngineCore, session: Session, run: FlowRun, recorded: readonly RecordedResult[]): void {
  core.registry.confirm(session, run)
  if (run.deploymentId !== null) core.registry.unwait(run.id, run.deploymentId) // it may have waited for a later moment
  core.registry.send(session.id, runFrame(core, run, recorded))
  if (session.hostSessionId === null) return
  // Such a process has slept for long, and the system often lets it wait until this one sleeps.
  if (session.boot === core.clock.boot) core.giveWay()
  const { id: run_id, epoch, deploymentId } = run
  const { id: session_id, pid } = session
  core.hosts.tell(session, { type: 'placed', run_id, epoch, session_id, pid, deployment_id: deploymentId ?? '' })
}

/** Tells whoever has the run to stop it: its executor at once, and that one's host, which sees to it. */
export function tellToStop({ registry, hosts }: EngineCore, run: FlowRun, reason: string): void {
  const session = run.sessionId === null ? undefined : registry.sessions.get(run.sessionId)
  if (!session) return
  const frame = { type: 'cancel', run_id: run.id, epoch: run.epoch, reason } as const
  session.peer?.send(frame)
  hosts.tell(session, frame)
}

export function runFrame({ clock, committedAt }: EngineCore, run: FlowRun, recorded: readonly RecordedResult[]): RunFrame {
  const attempt = nextAttempt(run)
  const now = clock.monotonic()
  const known = run.marks[attempt] ?? { boot: clock.boot, at: {} }
  // Unknown after a restart of the server: the wait is then no wait for the disk.
  const committed = committedAt.get(run.id)
  committedAt.delete(run.id)
  return {
    type: 'run',
    run_id: run.id,
    epoch: run.epoch,
    attempt,
    deployment_id: run.deploymentId ?? '',
    name: run.name,
    parameters: run.parameters,
    tags: run.tags,
    marks: { boot: clock.boot, at: { ...known.at, ...(committed === undefined ? {} : { committed }), dispatched: now } },
    recorded: recorded.map(({ taskKey, dynamicKey, result }) => ({ task_key: taskKey, dynamic_key: dynamicKey, result })),
  }
}

/** Puts a scheduled run among those that wait, once that is on disk. */
export function waitAfterwards(core: EngineCore, work: Work, run: FlowRun): void {
  const { deploymentId } = run
  if (deploymentId === null) return
  work.afterwards(() => {
    core.committedAt.set(run.id, core.clock.monotonic())
    const dueAt = run.state.scheduledAt ?? run.state.at
    core.registry.wait({ id: run.id, deploymentId, versionId: run.versionId, dueAt })
    core.registry.onRoom(deploymentId)
  })
}

/** The run waits no more: it was started by somebody else, was cancelled, or is gone. */
export function stopWaiting({ registry, committedAt }: EngineCore, { id, deploymentId }: FlowRun): void {
  committedAt.delete(id)
  if (deploymentId !== null) registry.unwait(id, deploymentId)
}

/** Joins what an executor has measured to what is known; marks of another boot cannot be compared and replace them. */
export function mergeMarks(known: Marks | undefined, reported: Marks): Marks {
  if (!known || known.boot !== reported.boot) return reported
  const at: Partial<Record<(typeof MARKS)[number], number>> = {}
  for (const mark of MARKS) {
    const value = reported.at[mark] ?? known.at[mark]
    if (value !== undefined) at[mark] = value
  }
  return { boot: known.boot, at }
}
