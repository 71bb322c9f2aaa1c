/**
 * A host: keeps processes ready for its deployments, watches them, ends them, and tells the server what became of each.
 * It takes no run itself and nothing of a run passes through it. Everything from outside comes by its ports.
 *
 * 1. That a process is gone is said when it is gone, and said again after an outage (I7, I10).
 * 2. A host that drains starts nothing; it is done when its last process is gone.
 */
import type {
  CancelFrame,
  ChildEndFrame,
  Ms,
  OutdatedFrame,
  PlacedFrame,
  RetireFrame,
  WantFrame,
  WelcomeFrame,
} from '@pilotflame/core'
import type { Child } from './child.ts'
import { ChildPool, type PoolCounts, type PoolHost } from './child-pool.ts'
import type { ServerOfHost } from './child-spec.ts'
import type { describeEnd } from './describe-end.ts'
import { EndReports } from './end-reports.ts'
import type { HostDeployment } from './host-options.ts'
import type { ChildExit, HostPorts, OutputStream } from './host-ports.ts'
import { PoolReports } from './pool-reports.ts'
import { roomFor } from './room.ts'

export interface HostOptions {
  readonly deployments: readonly HostDeployment[]
  /** Where its processes find the server. */
  readonly server: Omit<ServerOfHost, 'socket'>
  /** Of all its processes together. */
  readonly memoryMbMax: number
  /** How many start at the same time. */
  readonly startsAtOnceMax: number
  readonly onLine?: (name: string, pid: number | undefined, stream: OutputStream, text: string) => void
  /** Once, after `drain` or `handBack`: no process is left. */
  readonly onEmpty?: () => void
  /** Something about the processes of this deployment has changed. */
  readonly onChange?: (name: string, counts: PoolCounts) => void
}

export type FrameForHost = WantFrame | PlacedFrame | CancelFrame | RetireFrame | OutdatedFrame

/** Where a run is at work, memory and signs of being stopped are looked at so often. */
const BUSY_ROUND_MS = 250
const IDLE_ROUND_MS = 1_000
/** Sessions of processes that are gone, in case their hand-over is heard of later. */
const GONE_MAX = 1_000
const HANDED_BACK = 'handed back: its host was told to leave at once'

interface Member {
  readonly child: Child
  readonly pool: ChildPool
}

export class Host {
  readonly #ports: HostPorts
  readonly #options: HostOptions
  readonly #pools: readonly ChildPool[]
  readonly #poolsById = new Map<string, ChildPool>()
  readonly #members = new Map<string, Member>()
  readonly #gone = new Map<string, ChildPool>()
  readonly #ends: EndReports
  readonly #states: PoolReports
  #sessionId: string | undefined
  #socket: string | null = null
  #connected = false
  #draining = false
  #handingBack = false
  #empty = false
  #stopRound: (() => void) | undefined
  #roundMs = 0

  constructor(ports: HostPorts, options: HostOptions) {
    this.#ports = ports
    this.#options = options
    this.#ends = new EndReports((frame) => ports.send(frame))
    this.#states = new PoolReports(ports)
    const host = this.#poolHost()
    this.#pools = options.deployments.map((deployment) => new ChildPool(deployment, host))
  }

  get sessionId(): string | undefined {
    return this.#sessionId
  }

  /** How many processes there are, by deployment. */
  counts(): Readonly<Record<string, PoolCounts>> {
    return Object.fromEntries(this.#pools.map((pool) => [pool.name, pool.counts()]))
  }

  #nowMs(): Ms {
    return this.#ports.clock.monotonic() / 1000
  }

  #poolHost(): PoolHost {
    const { deployments: _, ...options } = this.#options
    return {
      ports: this.#ports,
      server: () => ({ ...options.server, socket: this.#socket }),
      nowMs: () => this.#nowMs(),
      hostSessionId: () => this.#sessionId,
      connected: () => this.#connected,
      draining: () => this.#draining,
      room: () => roomFor([...this.#children()], options.memoryMbMax),
      // Each may start one, so that one whose processes hang cannot keep out the others.
      startsAtOnceMax: (pool) => Math.max(1, options.startsAtOnceMax - this.#startingBeside(pool)),
      roomBeside: (pool) => {
        for (const other of this.#pools) if (other !== pool) other.plan()
      },
      line: (...line) => options.onLine?.(...line),
      joined: (child, before) => this.#joined(child, before),
      ended: (...end) => this.#ended(...end),
      changed: (pool) => this.#changed(pool),
    }
  }

  *#children(): Iterable<Child> {
    for (const pool of this.#pools) yield* pool.children
  }

  #startingBeside(pool: ChildPool): number {
    const others = this.#pools.filter((one) => one !== pool)
    return others.reduce((sum, { children }) => sum + [...children].filter(({ state }) => state === 'starting').length, 0)
  }

  // From the server

  /** `socket`: the server's unix socket, where the welcome came by that. */
  welcome({ session_id, deployments }: Pick<WelcomeFrame, 'session_id' | 'deployments'>, socket: string | null = null): void {
    this.#connected = true
    this.#socket = socket
    this.#sessionId = session_id
    this.#poolsById.clear()
    for (const pool of this.#pools) {
      const { flow_name, name } = pool.deployment.offer
      pool.deploymentId = deployments.find((one) => one.flow_name === flow_name && one.name === name)?.id
      if (pool.deploymentId !== undefined) this.#poolsById.set(pool.deploymentId, pool)
      pool.forgetWaiting()
    }
    if (this.#draining) this.#sendDrain()
    this.#ends.connected(this.#nowMs())
    this.#states.connected()
    for (const pool of this.#pools) pool.plan()
    this.#look()
  }

  away(): void {
    this.#connected = false
    this.#ends.away(this.#nowMs())
    this.#states.away()
  }

  receive(frame: FrameForHost): void {
    if (frame.type === 'want') this.#poolsById.get(frame.deployment_id)?.want(frame.waiting)
    else if (frame.type === 'outdated') this.#poolsById.get(frame.deployment_id)?.retireAll()
    else if (frame.type === 'placed') this.#placed(frame)
    else if (frame.type === 'cancel') this.#cancel(frame)
    else this.#retire(frame)
  }

  #placed({ session_id, pid, run_id, epoch }: PlacedFrame): void {
    const member = this.#members.get(session_id) ?? this.#adopt(session_id, pid)
    if (!member) this.#gone.get(session_id)?.placedTooLate()
    else {
      member.pool.placed(member.child, run_id, epoch)
      this.#look()
    }
  }

  /** A run may come to a process before its own word that it is ready has arrived here, or instead of it. */
  #adopt(sessionId: string, pid: number | undefined): Member | undefined {
    if (this.#gone.has(sessionId) || pid === undefined) return undefined
    for (const pool of this.#pools) for (const child of pool.children) if (child.pid === pid) pool.adopt(child, sessionId)
    return this.#members.get(sessionId)
  }

  #cancel({ run_id, epoch }: CancelFrame): void {
    for (const { child, pool } of this.#members.values()) {
      if (child.run?.runId === run_id && child.run.epoch === epoch) pool.cancel(child)
    }
  }

  #retire({ session_id, reason }: RetireFrame): void {
    this.#ends.forget(session_id)
    const member = this.#members.get(session_id)
    if (member) member.pool.kill(member.child, reason)
  }

  // From its processes

  #joined(child: Child, before: string | null): void {
    if (child.sessionId === null || child.sessionId === before) return
    const pool = this.#pools.find(({ children }) => children.has(child))
    if (before !== null) this.#members.delete(before)
    if (pool) this.#members.set(child.sessionId, { child, pool })
  }

  #ended(child: Child, pool: ChildPool, { kind, message }: ReturnType<typeof describeEnd>, { code, signal }: ChildExit): void {
    if (child.sessionId !== null) {
      this.#members.delete(child.sessionId)
      this.#gone.set(child.sessionId, pool)
      const [oldest] = this.#gone.keys()
      if (this.#gone.size > GONE_MAX && oldest !== undefined) this.#gone.delete(oldest)
    }
    if (child.pid === undefined) return
    const stages = child.stages.length === 0 ? {} : { stages: child.stages }
    const report: ChildEndFrame = {
      type: 'child_end',
      pid: child.pid,
      session_id: child.sessionId,
      kind,
      code,
      signal,
      message,
      ...stages,
    }
    this.#ends.add(report, this.#nowMs()) // Keeps 1.
  }

  #changed(pool: ChildPool): void {
    this.#states.changed(pool)
    this.#options.onChange?.(pool.name, pool.counts())
    this.#checkEmpty()
  }

  // Rounds

  /** The next round: soon where a run is at work. */
  #look(): void {
    const children = [...this.#children()]
    const roundMs = children.some(({ run }) => run !== null) ? BUSY_ROUND_MS : IDLE_ROUND_MS
    if (this.#stopRound && roundMs >= this.#roundMs) return
    this.#stopRound?.()
    this.#roundMs = roundMs
    this.#stopRound = this.#ports.clock.after(roundMs, () => this.#round())
  }

  #round(): void {
    this.#stopRound = undefined
    for (const pool of this.#pools) for (const child of [...pool.children]) pool.look(child)
    if (!this.#empty) this.#look()
  }

  // Its end

  #sendDrain(): void {
    this.#ports.send(this.#handingBack ? { type: 'drain', hand_back: true } : { type: 'drain' })
  }

  /** Starts nothing more; each process finishes its run and leaves. Keeps 2. */
  drain(): void {
    if (this.#draining) return
    this.#draining = true
    this.#sendDrain()
    for (const pool of this.#pools) pool.plan()
    this.#checkEmpty()
  }

  /** Kills all of them now: the server gives their runs to others. */
  handBack(): void {
    if (this.#handingBack) return
    this.#draining = true
    this.#handingBack = true
    this.#sendDrain()
    for (const pool of this.#pools) for (const child of [...pool.children]) pool.kill(child, HANDED_BACK)
    this.#checkEmpty()
  }

  #checkEmpty(): void {
    if (!this.#draining || this.#empty || this.#pools.some(({ children }) => children.size > 0)) return
    this.#empty = true
    this.#stopRound?.()
    for (const pool of this.#pools) pool.stop()
    this.#states.stop()
    this.#options.onEmpty?.()
  }
}
