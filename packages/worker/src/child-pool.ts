/**
 * The processes of one deployment: starts and ends them as `planPool` says, and knows what each is at.
 *
 * What is to leave is asked first, and killed when it has not left in time; one that has a run finishes it.
 */
import { type ChildMessage, type ChildRunEnded, type Ms, type PoolFrame, planPool } from '@pilotflame/core'
import { Arrivals, REFILL_MS } from './arrivals.ts'
import { Child } from './child.ts'
import { nameOf, type ServerOfHost, specOf } from './child-spec.ts'
import { describeEnd, outOfMemory } from './describe-end.ts'
import type { HostDeployment } from './host-options.ts'
import type { ChildEvents, ChildExit, HostPorts, OutputStream } from './host-ports.ts'
import { createRunWatch, type RunWatch } from './run-watch.ts'
import { StartFailures } from './start-failures.ts'

/** What a process gets to leave, once it has nothing to do: its clean-ups may take 5 s. */
const LEAVE_MS_MAX = 7_000
/** What a process gets to become ready while the server is there. */
const START_MS_MAX = 60_000
/** Before any was measured. */
const START_MS_GUESS = 200
const STOPPED_MS_MAX = 2_000

export interface PoolHost {
  readonly ports: HostPorts
  nowMs(): Ms
  /** Undefined before the server has welcomed the host: nothing starts. */
  hostSessionId(): string | undefined
  server(): ServerOfHost
  connected(): boolean
  draining(): boolean
  /** How many more processes fit into the host's memory. */
  room(): number
  /** How many of this pool's may start at the same time. */
  startsAtOnceMax(pool: ChildPool): number
  line(name: string, pid: number | undefined, stream: OutputStream, text: string): void
  /** Its session is a new one, or its first. */
  joined(child: Child, before: string | null): void
  ended(child: Child, pool: ChildPool, end: ReturnType<typeof describeEnd>, exit: ChildExit): void
  /** One of this pool's no longer starts, or is gone: others may have its place. */
  roomBeside(pool: ChildPool): void
  /** Something of it may look different to people. */
  changed(pool: ChildPool): void
}

export type PoolCounts = Pick<PoolFrame, 'starting' | 'ready' | 'busy' | 'failure'>

export class ChildPool {
  readonly deployment: HostDeployment
  readonly name: string
  readonly children = new Set<Child>()
  deploymentId: string | undefined
  readonly #host: PoolHost
  readonly #watch: RunWatch
  #waiting = 0
  /** Other code is current: it keeps none ready. */
  #outdated = false
  readonly #arrivals = new Arrivals()
  readonly #failures = new StartFailures()
  #startMs: Ms = START_MS_GUESS
  #stopLooking = (): void => undefined
  #lastId = 0

  constructor(deployment: HostDeployment, host: PoolHost) {
    this.deployment = deployment
    this.name = nameOf(deployment)
    this.#host = host
    this.#watch = createRunWatch(host.ports, deployment)
  }

  counts(): PoolCounts {
    const states = [...this.children].map((child) => child.facts().state)
    const count = (state: string) => states.filter((one) => one === state).length
    return { starting: count('starting'), ready: count('ready'), busy: count('busy'), failure: this.#failures.text }
  }

  /** Asks the plan, and does what it says. */
  plan(): void {
    const hostSessionId = this.#host.hostSessionId()
    if (hostSessionId === undefined) return
    this.#stopLooking()
    const now = this.#host.nowMs()
    const version = `${this.deployment.offer.version} ${hostSessionId}`
    const { start, retire, lookAgainMs } = planPool({
      now,
      limits: this.deployment,
      children: [...this.children].map((child) => child.facts()),
      version,
      waiting: this.#waiting,
      arrivals: this.#arrivals.moments,
      startMs: this.#startMs + REFILL_MS,
      quietUntil: this.#arrivals.quietUntil,
      room: this.#host.room(),
      startsAtOnceMax: this.#host.startsAtOnceMax(this),
      draining: this.#host.draining() || this.#outdated,
      failures: this.#failures,
    })
    for (const { id } of retire) this.#retire(id)
    for (let count = 0; count < start; count++) this.#start(version, hostSessionId)
    if (lookAgainMs !== null) this.#stopLooking = this.#host.ports.clock.after(lookAgainMs, () => this.plan())
    this.#host.changed(this)
  }

  // Starting

  #start(version: string, hostSessionId: string): void {
    const { processes } = this.#host.ports
    const now = this.#host.nowMs()
    const child = new Child(++this.#lastId, version, now)
    this.children.add(child)
    child.pid = processes.spawn(specOf(this.deployment, hostSessionId, this.#host.server()), this.#eventsOf(child))
    if (child.pid !== undefined && this.#waiting === 0 && this.#arrivals.anySince(now)) processes.lowPriority(child.pid)
    this.#limitStart(child)
  }

  /** Time without a server does not count: nobody can become ready without one. */
  #limitStart(child: Child): void {
    const over = () => {
      if (!this.#host.connected()) return this.#limitStart(child)
      this.#watch.kill(child, 'exit', `not ready within ${START_MS_MAX / 1_000} s`)
    }
    child.keepTimer(this.#host.ports.clock.after(START_MS_MAX, over))
  }

  #eventsOf(child: Child): ChildEvents {
    return {
      message: (message) => this.#hear(child, message),
      line: (stream, text) => {
        if (stream === 'stderr') child.heard(text)
        this.#host.line(this.name, child.pid, stream, text)
      },
      exit: (exit) => this.#gone(child, exit),
    }
  }

  #hear(child: Child, message: ChildMessage): void {
    if (message.type === 'failed') child.failed = message.message
    else if (message.type === 'ready') this.#ready(child, message.session_id)
    else this.#runEnded(child, message)
  }

  /** The server says for it that it is ready. */
  adopt(child: Child, sessionId: string): void {
    this.#ready(child, sessionId)
  }

  #ready(child: Child, sessionId: string): void {
    const before = child.sessionId
    child.sessionId = sessionId
    this.#host.joined(child, before)
    if (child.state === 'starting') this.#started(child)
    else if (before !== sessionId && child.run) {
      this.#watch.kill(child, 'retired', 'the server ended its session, and its run goes on elsewhere')
    }
    this.plan()
  }

  #started(child: Child): void {
    const now = this.#host.nowMs()
    child.stopTimers()
    child.enter('ready', now)
    if (child.pid !== undefined) this.#host.ports.processes.normalPriority(child.pid)
    this.#startMs = (this.#startMs + now - child.startedAt) / 2
    this.#failures.forget()
    this.#host.roomBeside(this)
  }

  // Runs

  want(waiting: number): void {
    this.#outdated = false
    this.#waiting = waiting
    if (waiting > 0) this.#hurry()
    this.plan()
  }

  /** No run comes to it before the server wants one again. */
  retireAll(): void {
    this.#outdated = true
    this.plan()
  }

  /** The server says it anew. */
  forgetWaiting(): void {
    this.#waiting = 0
  }

  /** What was started in the background is needed now. */
  #hurry(): void {
    for (const { state, pid } of this.children) {
      if (state === 'starting' && pid !== undefined) this.#host.ports.processes.normalPriority(pid)
    }
  }

  /** Its process has been sent this run; the process itself may have told of its end before. */
  placed(child: Child, runId: string, epoch: number): void {
    if (child.run?.runId === runId && child.run.epoch === epoch) return
    this.#arrivals.add(this.#host.nowMs())
    const over = child.lastEnded?.runId === runId && child.lastEnded.epoch === epoch
    if (over) child.runs++
    else this.#watch.begin(child, { runId, epoch })
    this.plan()
  }

  /** One that is gone already had been sent a run: that it ended was no failed start. */
  placedTooLate(): void {
    this.#arrivals.add(this.#host.nowMs())
    this.#failures.forget()
    this.plan()
  }

  #runEnded(child: Child, { run_id, epoch }: ChildRunEnded): void {
    child.lastEnded = { runId: run_id, epoch }
    if (child.run !== null && (child.run.runId !== run_id || child.run.epoch !== epoch)) return // the next one is placed already
    child.forgetRun()
    if (this.deployment.isolation === 'fresh' || child.state === 'leaving') this.#letLeave(child)
    else child.enter('ready', this.#host.nowMs())
    this.plan()
  }

  cancel(child: Child): void {
    this.#watch.cancel(child)
  }

  // Leaving

  #retire(id: number): void {
    const child = [...this.children].find((one) => one.id === id)
    if (!child) return
    if (child.pid !== undefined) this.#host.ports.processes.signal(child.pid, 'SIGTERM', { group: false })
    this.#letLeave(child)
  }

  #letLeave(child: Child): void {
    child.enter('leaving', this.#host.nowMs())
    if (child.run) return // it finishes that first
    child.stopTimers()
    const over = () => this.#watch.kill(child, 'retired', `did not leave within ${LEAVE_MS_MAX / 1_000} s`)
    child.keepTimer(this.#host.ports.clock.after(LEAVE_MS_MAX, over))
  }

  kill(child: Child, message: string): void {
    this.#watch.kill(child, 'retired', message)
  }

  /** Looks at memory and whether it was stopped; called in rounds. */
  look(child: Child): void {
    const sample = child.pid === undefined || child.killed ? null : this.#host.ports.processes.sample(child.pid)
    if (!sample) return
    const now = this.#host.nowMs()
    child.memoryMb = sample.rssMb
    child.stoppedSince = sample.stopped ? (child.stoppedSince ?? now) : null
    const { memoryMbMax } = this.deployment
    if (sample.rssMb > memoryMbMax) this.#watch.kill(child, 'memory', outOfMemory(memoryMbMax))
    else if (child.stoppedSince !== null && now - child.stoppedSince >= STOPPED_MS_MAX) {
      this.#watch.kill(child, 'stopped', `stopped by SIGSTOP for ${STOPPED_MS_MAX / 1_000} s`)
    }
  }

  #gone(child: Child, exit: ChildExit): void {
    if (!this.children.delete(child)) return
    const now = this.#host.nowMs()
    if (child.cancelledAt !== null) child.stages.push({ stage: 'gone', after_ms: now - child.cancelledAt })
    const end = describeEnd({
      exit,
      killed: child.killed,
      heapExhausted: child.heapExhausted,
      said: child.failed,
      memoryMbMax: this.deployment.memoryMbMax,
      stages: child.stages,
      leaving: child.state === 'leaving' && child.run === null,
    })
    child.stopTimers()
    this.#failures.ended(child, exit, end.message, now)
    this.#host.ended(child, this, end, exit)
    this.plan()
    this.#host.roomBeside(this)
  }

  stop(): void {
    this.#stopLooking()
  }
}
