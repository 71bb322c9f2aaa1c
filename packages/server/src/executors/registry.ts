/**
 * Who can take a run, and which runs wait: memory only. It is a cache of the database (sessions, leases, waiting
 * runs), rebuilt at start and changed when a transaction settles; whoever acts on it reads the run again by key.
 *
 * A place is reserved before the body that grants the lease, so two bodies never promise the same place, and is
 * given back when the body fails. Used places are derived from the runs a session holds (I6).
 */
import type { FlowRun, Micros, ServerFrame } from '@pilotflame/core'
import { entryOf } from '../entry-of.ts'
import type { WaitingRun } from '../store/store.ts'
import { freePlaces, type Session } from './session.ts'

export class Registry {
  readonly sessions = new Map<string, Session>()
  readonly hosts = new Set<Session>()
  /** The current version of each deployment's code, as its executors need to have it. */
  readonly #current = new Map<string, string>()
  readonly #waiting = new Map<string, Map<string, WaitingRun>>()
  /** Deployment id → what people call the program that offered it last; it stays when that one is gone. */
  readonly programs = new Map<string, string>()
  /** Deployments whose runs wait until they are resumed. */
  readonly #paused = new Set<string>()
  /** Called when a place may have become free for runs of this deployment. */
  onRoom: (deploymentId: string) => void = () => undefined
  /** Called when a run of this deployment has come to wait. */
  onQueued: (deploymentId: string) => void = () => undefined
  /** Called when a run has come to wait, with the moment before which it is not to start. */
  onDueAt: (dueAt: Micros) => void = () => undefined
  /** When a runner of Prefect's last asked for runs of this deployment; now while one does. */
  polledAt: (deploymentId: string) => Micros | null = () => null
  /** Called when more or fewer runs of this deployment wait. */
  onWaiting: (deploymentId: string) => void = () => undefined

  add(session: Session): void {
    this.sessions.set(session.id, session)
    if (session.role === 'host') this.hosts.add(session)
  }

  remove(session: Session): void {
    this.sessions.delete(session.id)
    this.hosts.delete(session)
  }

  /** True when it was another one before. */
  setCurrentVersion(deploymentId: string, version: string): boolean {
    if (this.#current.get(deploymentId) === version) return false
    this.#current.set(deploymentId, version)
    return true
  }

  isPaused(deploymentId: string): boolean {
    return this.#paused.has(deploymentId)
  }

  setPaused(deploymentId: string, paused: boolean): void {
    if (this.#paused.has(deploymentId) === paused) return
    if (paused) this.#paused.add(deploymentId)
    else this.#paused.delete(deploymentId)
    this.onWaiting(deploymentId)
    if (!paused) this.onRoom(deploymentId)
  }

  currentVersion(deploymentId: string): string | undefined {
    return this.#current.get(deploymentId)
  }

  /** The executor with most room that has the deployment's current code; its place is taken until `confirm` or `release`. */
  reserve(deploymentId: string): Session | null {
    if (this.#paused.has(deploymentId)) return null
    const version = this.#current.get(deploymentId)
    let best: Session | null = null
    for (const session of this.sessions.values()) {
      if (session.offers.get(deploymentId) !== version || version === undefined) continue
      if (freePlaces(session) > (best === null ? 0 : freePlaces(best))) best = session
    }
    if (best) best.reserved += 1
    return best
  }

  /** The reserved place is now the run's. */
  confirm(session: Session, run: FlowRun): void {
    session.reserved -= 1
    session.running.set(run.id, run.epoch)
    if (session.uses !== null) session.uses -= 1
  }

  /** The place was not used: others may have it. */
  release(session: Session): void {
    this.giveBack(session)
    this.roomIn(session)
  }

  /** As `release`, by one who has looked and found nobody to give it to. */
  giveBack(session: Session): void {
    session.reserved -= 1
  }

  /** The run has left whoever held it. */
  leave(runId: string, sessionId: string): void {
    const session = this.sessions.get(sessionId)
    if (!session) return
    session.outputAt.delete(runId)
    if (session.running.delete(runId)) this.roomIn(session)
  }

  roomIn(session: Session): void {
    for (const deploymentId of session.offers.keys()) if (this.#waiting.get(deploymentId)?.size) this.onRoom(deploymentId)
  }

  freeFor(deploymentId: string): number {
    if (this.#paused.has(deploymentId)) return 0
    const version = this.#current.get(deploymentId)
    let places = 0
    for (const session of this.sessions.values()) {
      if (version !== undefined && session.offers.get(deploymentId) === version) places += freePlaces(session)
    }
    return places
  }

  send(sessionId: string, frame: ServerFrame): void {
    this.sessions.get(sessionId)?.peer?.send(frame)
  }

  wait(run: WaitingRun): void {
    entryOf(this.#waiting, run.deploymentId, () => new Map<string, WaitingRun>()).set(run.id, run)
    this.onWaiting(run.deploymentId)
    this.onQueued(run.deploymentId)
    this.onDueAt(run.dueAt)
  }

  unwait(runId: string, deploymentId: string): void {
    if (this.#waiting.get(deploymentId)?.delete(runId)) this.onWaiting(deploymentId)
  }

  waitingOf(deploymentId: string): Iterable<WaitingRun> {
    return this.#waiting.get(deploymentId)?.values() ?? []
  }

  hasWaiting(deploymentId: string): boolean {
    return (this.#waiting.get(deploymentId)?.size ?? 0) > 0
  }

  /** The next run of this deployment that is due, taken out of the queue. */
  takeDue(deploymentId: string, now: Micros): WaitingRun | undefined {
    const queue = this.#waiting.get(deploymentId)
    for (const run of queue?.values() ?? []) {
      if (run.dueAt > now) continue
      queue?.delete(run.id)
      this.onWaiting(deploymentId)
      return run
    }
    return undefined
  }

  /** How many runs of this deployment are due and wait. */
  countDue(deploymentId: string, now: Micros): number {
    let due = 0
    for (const run of this.#waiting.get(deploymentId)?.values() ?? []) if (run.dueAt <= now) due += 1
    return due
  }

  /** How many runs of this deployment are due and stand before this one; all of them where it does not wait. */
  countBefore(runId: string, deploymentId: string, now: Micros): number {
    let before = 0
    for (const run of this.#waiting.get(deploymentId)?.values() ?? []) {
      if (run.id === runId) break
      if (run.dueAt <= now) before += 1
    }
    return before
  }

  /** Deployments with waiting runs, and when the first of each is due. */
  *dueTimes(): Iterable<{ deploymentId: string; dueAt: Micros }> {
    for (const [deploymentId, queue] of this.#waiting) {
      let dueAt = Number.POSITIVE_INFINITY
      for (const run of queue.values()) if (run.dueAt < dueAt) dueAt = run.dueAt
      if (queue.size > 0) yield { deploymentId, dueAt }
    }
  }

  *waitingRuns(): Iterable<WaitingRun> {
    for (const queue of this.#waiting.values()) yield* queue.values()
  }
}
