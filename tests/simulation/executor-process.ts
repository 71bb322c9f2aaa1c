/**
 * A process that takes runs, written for the simulation: it speaks the channel's frames as the SDK's executor does, and
 * keeps what it has to tell in the SDK's own outbox. It can die, be stopped for a while, and lose its connection.
 */
import { type CancelFrame, CHANNEL_PROTOCOL, type DeploymentOffer, type RunFrame, type ServerFrame } from '@pilotflame/core'
import { Outbox, type Refusal } from '../../packages/sdk/src/executor/outbox.ts'
import { Connection } from './connection.ts'
import type { Machine } from './machine.ts'
import { ModelAttempt } from './model-attempt.ts'
import { MS, SECOND, type World } from './world.ts'

const BEAT = 2 * SECOND
const WELCOME_MAX = 10 * SECOND

export interface ExecutorOptions {
  readonly machine: Machine
  readonly pid: number
  readonly limit: number
  readonly offers: readonly DeploymentOffer[]
}

export class ExecutorProcess {
  readonly world: World
  readonly pid: number
  /** Deployment's name → the version of its code. */
  readonly offers: ReadonlyMap<string, DeploymentOffer>
  readonly outbox: Outbox
  sessionId = ''
  alive = true
  #stopped = false
  readonly #machine: Machine
  readonly #limit: number
  readonly #backlog: (() => void)[] = []
  readonly #held = new Map<string, ModelAttempt>()
  readonly #active = new Set<ModelAttempt>()
  #queue: ModelAttempt[] = []
  #connection: Connection | null = null
  #failures = 0

  constructor(world: World, { machine, pid, limit, offers }: ExecutorOptions) {
    this.world = world
    this.#machine = machine
    this.pid = pid
    this.#limit = limit
    this.offers = new Map(offers.map((offer) => [`${offer.flow_name}/${offer.name}`, offer]))
    this.outbox = new Outbox((flush) => this.after(20, 'outbox', flush))
    world.processes.set(pid, this)
    this.after(world.random.between(1 * MS, 80 * MS), 'executor starts', () => {
      this.#connect()
      this.#beat()
    })
  }

  get connected(): boolean {
    return this.#connection !== null && this.sessionId !== ''
  }

  /** Its machine's clock, which is not the server's. */
  wall(): number {
    return this.world.server.wall() + this.#machine.clockOffset
  }

  /** Runs that it has been given and that have not ended. */
  get running(): number {
    return this.#active.size + this.#queue.length
  }

  /** As a timer or a message of this process: not at all when it is dead, and later when it is stopped. */
  after(delayMicros: number, name: string, callback: () => void): () => void {
    return this.world.timeline.after(delayMicros, name, () => this.#do(callback))
  }

  #do(callback: () => void): void {
    if (!this.alive) return
    if (this.#stopped) this.#backlog.push(callback)
    else callback()
  }

  /** Ends at once, as after `kill -9`. */
  die(): void {
    if (!this.alive) return
    this.alive = false
    this.world.note(() => `executor ${this.pid} died`)
    for (const attempt of this.#active) attempt.atWork = false
    this.#connection?.break()
    this.#connection = null
    this.#machine.ended(this)
  }

  /** As after `kill -STOP`; `resume` is `kill -CONT`. */
  stop(): void {
    this.#stopped = true
  }

  resume(): void {
    this.#stopped = false
    for (const callback of this.#backlog.splice(0)) this.#do(callback)
  }

  disconnect(): void {
    this.#connection?.break()
  }

  /** Beats come from a thread of their own, by a connection of their own. */
  #beat(): void {
    const { server } = this.world
    if (this.sessionId !== '' && server.up && this.#machine.reachable) {
      const connection = new Connection(this.world)
      if (server.connect(connection)) connection.toServer.send({ type: 'beat', session_id: this.sessionId })
      connection.closedByExecutor()
    }
    this.after(BEAT, 'beat', () => this.#beat())
  }

  #connect(): void {
    const connection = new Connection(this.world)
    if (!this.#machine.reachable || !this.world.server.connect(connection)) return this.#retry()
    this.#connection = connection
    let welcomed = false
    const over = (): void => {
      if (this.#connection !== connection) return
      this.#connection = null
      this.outbox.detach()
      this.#retry()
    }
    connection.toExecutor.end = {
      receive: (frame) =>
        this.#do(() => {
          if (this.#connection !== connection) return
          const told = frame as ServerFrame
          if (told.type === 'welcome') welcomed = true
          if (told.type === 'refused') {
            if (!welcomed) this.world.violated('hello', `executor ${this.pid} was refused: ${told.code} ${told.message}`)
            connection.closedByExecutor()
            over()
          } else this.#receive(told)
        }),
      closed: () => this.#do(over),
    }
    this.after(WELCOME_MAX, 'no welcome', () => {
      if (welcomed || this.#connection !== connection) return
      connection.closedByExecutor()
      over()
    })
    connection.toServer.send(this.#hello())
  }

  #retry(): void {
    const { random } = this.world
    const most = Math.min(2 * SECOND, 50 * MS * 2 ** this.#failures)
    this.#failures += 1
    this.after(most * random.between(0.5, 1), 'executor comes back', () => this.#connect())
  }

  #hello() {
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
      deployments: [...this.offers.values()],
      holds: [...this.#held.values()].map(({ frame }) => ({ run_id: frame.run_id, epoch: frame.epoch })),
    }
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === 'welcome') this.#welcome(frame.session_id, frame.resumed)
    else if (frame.type === 'run') this.#take(frame)
    else if (frame.type === 'cancel') this.#cancel(frame)
    else if (frame.type === 'ack') this.outbox.acknowledge(frame)
  }

  #welcome(sessionId: string, resumed: boolean): void {
    this.#failures = 0
    if (!resumed && this.sessionId !== '') this.#forgetAll()
    this.sessionId = sessionId
    this.world.executors.set(sessionId, this)
    const connection = this.#connection
    this.outbox.attach((batch) => connection?.toServer.send(batch))
  }

  #forgetAll(): void {
    const refusal: Refusal = { code: 'session_ended', message: 'The server ended the session of this executor while it was away.' }
    this.#queue = []
    for (const attempt of [...this.#held.values()]) attempt.lose(refusal)
    this.outbox.drop(refusal)
  }

  #take(frame: RunFrame): void {
    const before = this.#held.get(frame.run_id)
    if (before && before.frame.epoch >= frame.epoch) return
    before?.lose({ code: 'stale_lease', message: 'The server has started this run once more.' })
    const attempt = new ModelAttempt(this, frame)
    this.#held.set(frame.run_id, attempt)
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
  }

  /** The server knows how it ended, or will never ask. */
  forget(attempt: ModelAttempt): void {
    if (this.#held.get(attempt.frame.run_id) === attempt) this.#held.delete(attempt.frame.run_id)
    this.#queue = this.#queue.filter((one) => one !== attempt)
  }
}
