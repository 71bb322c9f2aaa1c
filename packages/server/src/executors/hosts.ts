/**
 * What the hosts of executors are told: which runs wait for processes of theirs, which of their processes was given a
 * run, and which one to stop. All of it is hints (I7): they leave a moment later than the runs themselves, together,
 * and in order, so that no run waits for them.
 */
import type { ServerFrame } from '@pilotflame/core'
import { entryOf } from '../entry-of.ts'
import type { Clock } from '../ports.ts'
import type { Registry } from './registry.ts'
import type { Session } from './session.ts'

/** 2 ms: a run that has just been sent has reached its first line by then. */
const HINT_MS = 2

export class Hosts {
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #frames = new Map<string, ServerFrame[]>()
  readonly #wanted = new Set<string>()
  #scheduled = false

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry
    this.#clock = clock
    registry.onWaiting = (deploymentId) => this.want(deploymentId)
  }

  /** Tells the host of this executor; nothing where it has none. */
  tell({ hostSessionId }: Pick<Session, 'hostSessionId'>, frame: ServerFrame): void {
    if (hostSessionId === null) return
    entryOf(this.#frames, hostSessionId, () => []).push(frame)
    this.#schedule()
  }

  /** Looks again how many runs of this deployment wait, and tells its hosts where that has changed. */
  want(deploymentId: string): void {
    if (this.#registry.hosts.size === 0) return
    this.#wanted.add(deploymentId)
    this.#schedule()
  }

  /** A host has come, or has come back: it is told all it could have missed. */
  joined(host: Session): void {
    host.wanted.clear()
    for (const deploymentId of host.offers.keys()) this.want(deploymentId)
    for (const child of this.#registry.sessions.values()) {
      if (child.hostSessionId !== host.id) continue
      const [deployment_id = ''] = child.offers.keys()
      for (const [run_id, epoch] of child.running)
        this.tell(child, { type: 'placed', run_id, epoch, session_id: child.id, pid: child.pid, deployment_id })
    }
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.after(HINT_MS, () => this.#flush())
  }

  #flush(): void {
    this.#scheduled = false
    for (const [hostSessionId, frames] of this.#frames) for (const frame of frames) this.#registry.send(hostSessionId, frame)
    this.#frames.clear()
    for (const deploymentId of this.#wanted) this.#sayWanted(deploymentId)
    this.#wanted.clear()
  }

  #sayWanted(deploymentId: string): void {
    const version = this.#registry.currentVersion(deploymentId)
    const waiting = this.#registry.isPaused(deploymentId) ? 0 : this.#registry.countDue(deploymentId, this.#clock.now())
    for (const host of this.#registry.hosts) {
      const offered = host.peer === null ? undefined : host.offers.get(deploymentId)
      if (offered === undefined || version === undefined) continue
      if (offered !== version) this.#sayOutdated(host, deploymentId, version)
      else if (host.wanted.get(deploymentId) !== waiting) {
        host.wanted.set(deploymentId, waiting)
        host.peer?.send({ type: 'want', deployment_id: deploymentId, waiting })
      }
    }
  }

  #sayOutdated(host: Session, deploymentId: string, version: string): void {
    if (host.wanted.get(deploymentId) === OUTDATED) return
    host.wanted.set(deploymentId, OUTDATED)
    host.peer?.send({ type: 'outdated', deployment_id: deploymentId, version })
  }
}

/** In place of a count: the host was told that its code is outdated. */
const OUTDATED = -1
