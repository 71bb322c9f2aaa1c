/**
 * A process that takes runs, written for the simulation: it speaks the channel's frames as the SDK's executor does, and
 * keeps what it has to tell in the SDK's own outbox. With a host it is one of that host's processes: it says what
 * `serveAsChild` says, leaves when its uses are spent, and drains on SIGTERM.
 */
import {
  type CancelFrame,
  CHANNEL_PROTOCOL,
  type ChildMessage,
  type DeploymentOffer,
  type HelloFrame,
  type RunFrame,
  type WelcomeFrame,
} from '@pilotflame/core'
import { Outbox, type Refusal } from '../../packages/sdk/src/executor/outbox.ts'
import { Connection } from './connection.ts'
import { Link, type MessageFrame } from './link.ts'
import type { Machine } from './machine.ts'
import { ModelAttempt } from './model-attempt.ts'
import { type Exit, VirtualProcess } from './virtual-process.ts'
import { MS, SECOND, type World } from './world.ts'

const BEAT = 2 * SECOND
/** What a shell says of a program that SIGTERM has ended. */
const TERMINATED = 143

export interface Hosted {
  readonly hostSessionId: string
  readonly uses: number
  /** Node's channel between a process and its parent. */
  tell(message: ChildMessage): void
}

export interface ExecutorOptions {
  readonly machine: Machine
  readonly limit: number
  readonly offers: readonly DeploymentOffer[]
  readonly hosted?: Hosted
}

export class ExecutorProcess extends VirtualProcess {
  /** By their names. */
  readonly offers: ReadonlyMap<string, DeploymentOffer>
  readonly outbox: Outbox
  sessionId = ''
  readonly #machine: Machine
  readonly #limit: number
  readonly #hosted: Hosted | undefined
  readonly #link: Link
  readonly #held = new Map<string, ModelAttempt>()
  readonly #active = new Set<ModelAttempt>()
  #queue: ModelAttempt[] = []
  #idle: (() => void)[] = []
  #taken = 0
  #told = ''
  #draining = false
  #beats = false

  constructor(world: World, { machine, limit, offers, hosted }: ExecutorOptions) {
    super(world)
    this.#machine = machine
    this.#limit = limit
    this.#hosted = hosted
    this.offers = new Map(offers.map((offer) => [`${offer.flow_name}/${offer.name}`, offer]))
    this.outbox = new Outbox((flush) => this.after(20, 'outbox', flush))
    this.#link = new Link(this, machine, {
      hello: () => this.#hello(),
      welcome: (frame) => this.#welcome(frame),
      receive: (frame) => this.#receive(frame),
      away: () => this.outbox.detach(),
    })
    this.after(world.random.between(1 * MS, 80 * MS), 'executor starts', () => {
      if (this.#draining) this.#leave(0)
      else this.#link.connect()
    })
  }

  /** Its machine's clock, which is not the server's. */
  wall(): number {
    return this.world.server.wall() + this.#machine.clockOffset
  }

  /** Runs that it has been given and that have not ended. */
  get running(): number {
    return this.#active.size + this.#queue.length
  }

  protected override gone({ signal }: Exit): void {
    for (const attempt of this.#active) attempt.atWork = false
    if (signal === null) this.#link.close()
    else this.#link.break()
  }

  override disconnect(): void {
    this.#link.break()
  }

  /** SIGTERM: as the SDK's child does it. */
  terminate(): void {
    const stopping = [...this.#active].some((attempt) => attempt.isTold)
    if (stopping) this.#leave(TERMINATED)
    else this.drain()
  }

  drain(): void {
    if (this.#draining) return
    this.#draining = true
    if (this.sessionId === '') return
    this.#link.send({ type: 'drain' })
    void this.#whenDone().then(() => this.do(() => this.#leave(0)))
  }

  async #whenDone(): Promise<void> {
    await this.outbox.roundTrip()
    if (this.running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
    await this.outbox.idle()
  }

  #leave(code: number): void {
    this.outbox.flush()
    this.end({ code, signal: null })
  }

  /** Beats come from a thread of their own, by a connection of their own. */
  #startBeats(delayMicros: number): void {
    if (this.#beats) return
    this.#beats = true
    this.after(delayMicros, 'beat', () => this.#beat())
  }

  #beat(): void {
    const { server } = this.world
    if (this.sessionId !== '' && server.up && this.#machine.reachable) {
      const connection = new Connection(this.world)
      if (server.connect(connection)) connection.toServer.send({ type: 'beat', session_id: this.sessionId })
      connection.closedByExecutor()
    }
    this.after(BEAT, 'beat', () => this.#beat())
  }

  #hello(): HelloFrame {
    const hosted = this.#hosted && {
      host_session_id: this.#hosted.hostSessionId,
      uses: Math.max(0, this.#hosted.uses - this.#taken),
    }
    return {
      type: 'hello',
      protocol: CHANNEL_PROTOCOL,
      session_id: this.sessionId === '' ? null : this.sessionId,
      name: `executor-${this.pid}`,
      host: this.#machine.name,
      pid: this.pid,
      boot_id: this.#machine.boot,
      sdk_version: 'simulated',
      limit: this.#limit,
      ...hosted,
      deployments: [...this.offers.values()],
      holds: [...this.#held.values()].map(({ frame }) => ({ run_id: frame.run_id, epoch: frame.epoch })),
    }
  }

  #welcome({ session_id: sessionId, resumed }: WelcomeFrame): void {
    const first = this.sessionId === ''
    if (!resumed && !first) this.#forgetAll()
    this.sessionId = sessionId
    this.world.executors.set(sessionId, this)
    this.outbox.attach((batch) => this.#link.send(batch))
    if (!this.#hosted || !first) this.#startBeats(this.#hosted ? 0.25 * SECOND : 0)
    if (this.#draining) this.#link.send({ type: 'drain' })
    if (this.#draining && first) void this.#whenDone().then(() => this.do(() => this.#leave(0)))
    if (this.#told === sessionId) return
    this.#told = sessionId
    this.#hosted?.tell({ type: 'ready', session_id: sessionId })
  }

  #receive(frame: MessageFrame): void {
    if (frame.type === 'run') this.#take(frame)
    else if (frame.type === 'cancel') this.#cancel(frame)
    else if (frame.type === 'ack') this.outbox.acknowledge(frame)
  }

  #forgetAll(): void {
    const message = 'The server ended the session of this executor while it was away.'
    const refusal: Refusal = { code: 'session_ended', message }
    this.#queue = []
    for (const attempt of [...this.#held.values()]) attempt.lose(refusal)
    this.outbox.drop(refusal)
    this.#checkIdle()
  }

  #take(frame: RunFrame): void {
    const before = this.#held.get(frame.run_id)
    if (before && before.frame.epoch >= frame.epoch) return
    before?.lose({ code: 'stale_lease', message: 'The server has started this run once more.' })
    const attempt = new ModelAttempt(this, frame)
    this.#held.set(frame.run_id, attempt)
    this.#taken += 1
    this.#startBeats(2 * SECOND)
    if (this.#active.size >= this.#limit) this.#queue.push(attempt)
    else this.#start(attempt)
  }

  #start(attempt: ModelAttempt): void {
    this.#active.add(attempt)
    attempt.start()
  }

  #cancel({ run_id, epoch }: CancelFrame): void {
    const attempt = this.#held.get(run_id)
    if (attempt?.frame.epoch !== epoch) return
    this.#queue = this.#queue.filter((one) => one !== attempt)
    attempt.cancel()
  }

  /** The attempt's function has ended. */
  ended(attempt: ModelAttempt): void {
    this.#active.delete(attempt)
    const next = this.#active.size < this.#limit ? this.#queue.shift() : undefined
    if (next) this.#start(next)
    this.#checkIdle()
    this.#checkSpent()
  }

  /** The server knows how it ended, or will never ask. */
  forget(attempt: ModelAttempt): void {
    const { run_id, epoch } = attempt.frame
    if (this.#held.get(run_id) === attempt) this.#held.delete(run_id)
    this.#hosted?.tell({ type: 'ended', run_id, epoch })
    this.#queue = this.#queue.filter((one) => one !== attempt)
    this.#checkIdle()
    this.#checkSpent()
  }

  #checkIdle(): void {
    if (this.running === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #checkSpent(): void {
    const spent = this.#hosted && this.#taken >= this.#hosted.uses && this.#held.size === 0 && this.running === 0
    if (spent) this.after(0, 'a process leaves', () => this.#leave(0))
  }
}
