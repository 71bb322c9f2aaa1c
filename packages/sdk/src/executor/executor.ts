/**
 * `startExecutor`: makes this process one that takes runs. It keeps the runs; the session keeps the connection,
 * the outbox what there is to tell, the heart the beat.
 */
import { hostname } from 'node:os'
import { basename } from 'node:path'
import { AppError, type CancelFrame, CHANNEL_PROTOCOL, type HelloFrame, type RunFrame, type WelcomeFrame } from '@pilotflame/core'
import type { ServedDeployment } from '../flow/definition.ts'
import type { ServerOptions } from '../flow/options.ts'
import { readBootId } from '../machine/clock.ts'
import { captureConsole } from '../run/console.ts'
import { readServerAddress } from '../settings.ts'
import { SDK_VERSION } from '../version.ts'
import { Attempt } from './attempt.ts'
import type { Target } from './channel-lines.ts'
import { Heart } from './heart.ts'
import { createLoader, type Load } from './loader.ts'
import { Outbox } from './outbox.ts'
import { type Primed, prime } from './prime.ts'
import { type MessageFrame, type Place, Session, type SessionEvents } from './session.ts'

export type ExecutorState = 'connecting' | 'ready' | 'away' | 'draining' | 'closed'

export interface ExecutorOptions extends ServerOptions {
  readonly deployments: readonly ServedDeployment[]
  /** How many runs it takes at once. Default: 100. */
  readonly limit?: number
  /** A name for people. Default: the entry file's. */
  readonly name?: string
  /** Aborted: closes at once. Default: never. */
  readonly signal?: AbortSignal
  readonly onStateChange?: (state: ExecutorState) => void
  /** Gets what people should know, such as that the server is away. Default: a line on stderr. */
  readonly onNotice?: (text: string) => void
  /** Names the machine's boot. Default: read from the machine. */
  readonly bootId?: string
  /** Where this process was started by a host: who that is, and how it leaves. Default: it was not. */
  readonly hosted?: Hosted
}

/** What a process that a host has started does besides. */
export interface Hosted {
  readonly hostSessionId: string
  /** The server's unix socket, where the host has reached it by that. */
  readonly socket?: string | null
  /** After so many runs it leaves: it takes no more, and `spent` is called when the server knows how the last one ended. */
  readonly uses: number
  /** The server knows how this run ended. */
  runEnded(runId: string, epoch: number): void
  spent(): void
}

export interface Executor {
  /** The id of its session; another one after the server has ended the first. */
  readonly sessionId: string
  readonly apiUrl: string
  readonly deployments: WelcomeFrame['deployments']
  /** How many runs are at work or wait here. */
  readonly running: number
  /** True while a run that was told to stop is still at work. */
  readonly stopping: boolean
  /** Takes no new runs. Settles when the last one has ended and the server knows it; then it is closed. */
  drain(): Promise<void>
  /** Leaves at once. Runs at work are told to stop, and the server starts them again where retries are left. */
  close(): void
  /** Leaves at once, as `close` does. The server starts the runs at work again, whatever their retries. */
  handBack(): void
  /** Sends now what would leave at the end of this turn. */
  flush(): void
  /** Settles when closed; rejects when the server does not take it back, with the code that it gives. */
  readonly closed: Promise<void>
}

interface Waiting {
  readonly attempt: Attempt
  readonly load: Load
}

const keyOf = (one: { readonly flow_name: string; readonly name: string }): string => `${one.flow_name}/${one.name}`

let priming: Promise<void> | undefined

/** Once per process. */
const primeOnce = (bootId: string): Promise<void> => {
  priming ??= prime(bootId, (primed) => new RunningExecutor(primed.options, primed))
  return priming
}

class RunningExecutor implements Executor {
  sessionId = ''
  deployments: WelcomeFrame['deployments'] = []
  readonly apiUrl: string
  readonly closed: Promise<void>
  readonly welcomed = Promise.withResolvers<void>()
  readonly #options: ExecutorOptions
  readonly #limit: number
  readonly #bootId: string
  readonly #outbox = new Outbox()
  readonly #heart: Heart
  readonly #session: Place
  readonly #loads: ReadonlyMap<string, Load>
  /** Runs that the server may ask for: until their end is acknowledged. */
  readonly #held = new Map<string, Attempt>()
  readonly #active = new Set<Attempt>()
  #queue: Waiting[] = []
  #idle: (() => void)[] = []
  #draining = false
  #taken = 0

  constructor(options: ExecutorOptions, primed?: Primed) {
    const address = readServerAddress(options)
    this.apiUrl = address.apiUrl
    this.#options = options
    this.#limit = options.limit ?? 100
    this.#heart = new Heart(options.hosted ? 'run' : 'welcome')
    this.#bootId = options.bootId ?? readBootId()
    this.#loads = new Map(options.deployments.map((one) => [keyOf(one.offer), createLoader(one.load)]))
    const events: SessionEvents = {
      hello: () => this.#hello(),
      welcome: (frame, target) => this.#welcome(frame, target),
      receive: (frame, readAt) => this.#receive(frame, readAt),
      away: (reason) => this.#away(reason),
    }
    this.#session = primed ? primed.open(events) : new Session(address, this.#bootId, events, options.hosted?.socket)
    this.#setState('connecting')
    const release = captureConsole()
    const kept = primed ? this.#session.keep() : primeOnce(this.#bootId).then(() => this.#session.keep())
    this.closed = kept.finally(() => {
      release()
      this.#heart.stop()
      this.#setState('closed')
    })
    this.closed.then(
      () => this.welcomed.reject(new AppError('shutting_down', 'The executor was closed before the server welcomed it.')),
      (error) => this.welcomed.reject(error),
    )
  }

  get running(): number {
    return this.#active.size + this.#queue.length
  }

  get stopping(): boolean {
    return [...this.#active].some(({ scope }) => scope.stopped)
  }

  #setState(state: ExecutorState): void {
    this.#options.onStateChange?.(state)
  }

  #notice(text: string): void {
    if (this.#options.onNotice) this.#options.onNotice(text)
    else process.stderr.write(`${text}\n`)
  }

  #hello(): HelloFrame {
    return {
      type: 'hello',
      protocol: CHANNEL_PROTOCOL,
      session_id: this.sessionId === '' ? null : this.sessionId,
      name: this.#options.name ?? programName(this.#options.deployments),
      host: hostname(),
      pid: process.pid,
      boot_id: this.#bootId,
      sdk_version: SDK_VERSION,
      limit: this.#limit,
      ...this.#helloOfHosted(),
      deployments: this.#options.deployments.map(({ offer }) => offer),
      holds: [...this.#held.values()].map(({ frame }) => ({ run_id: frame.run_id, epoch: frame.epoch })),
    }
  }

  #helloOfHosted(): Partial<HelloFrame> {
    const { hosted } = this.#options
    if (!hosted) return {}
    return { host_session_id: hosted.hostSessionId, uses: Math.max(0, hosted.uses - this.#taken) }
  }

  #welcome(frame: WelcomeFrame, target: Target): void {
    if (!frame.resumed && this.sessionId !== '') this.#forgetAll()
    this.sessionId = frame.session_id
    this.deployments = frame.deployments
    this.#outbox.attach((batch) => this.#session.send(batch))
    this.#heart.beatFor(frame.session_id, target)
    if (this.#draining) this.#session.send({ type: 'drain' })
    this.#setState(this.#draining ? 'draining' : 'ready')
    this.welcomed.resolve()
  }

  /** The server has ended the session meanwhile: what it held belongs to others now. */
  #forgetAll(): void {
    const refusal = { code: 'session_ended', message: 'The server ended the session of this executor while it was away.' }
    this.#queue = []
    for (const attempt of [...this.#held.values()]) attempt.lose(refusal)
    this.#outbox.drop(refusal)
    this.#checkIdle()
  }

  #away(reason: string): void {
    this.#outbox.detach()
    this.#setState('away')
    this.#notice(`The server at ${this.apiUrl} is away (${reason}). Waiting until it answers; runs go on meanwhile.`)
  }

  #receive(frame: MessageFrame, readAt: number): void {
    if (frame.type === 'run') this.#take(frame, readAt)
    else if (frame.type === 'cancel') this.#cancel(frame)
    else if (frame.type === 'ack') this.#outbox.acknowledge(frame)
  }

  #take(frame: RunFrame, readAt: number): void {
    const before = this.#held.get(frame.run_id)
    if (before && before.frame.epoch >= frame.epoch) return // sent twice
    before?.lose({ code: 'stale_lease', message: 'The server has started this run once more.' })
    const deployment = this.deployments.find(({ id }) => id === frame.deployment_id)
    const name = deployment ? keyOf(deployment) : frame.deployment_id
    const load = this.#loads.get(name) ?? missing(name)
    const attempt: Attempt = new Attempt(frame, readAt, name, { bootId: this.#bootId }, this.#outbox, {
      ended: () => this.#ended(attempt),
      forgotten: () => this.#forget(attempt),
    })
    this.#held.set(frame.run_id, attempt)
    this.#taken++
    if (this.#active.size >= this.#limit) this.#queue.push({ attempt, load })
    else this.#start({ attempt, load })
    this.#heart.runTaken() // after the first line: in a fresh process a timer takes 40 µs
  }

  #start({ attempt, load }: Waiting): void {
    this.#active.add(attempt)
    attempt.start(load)
  }

  #cancel({ run_id, epoch, reason }: CancelFrame): void {
    const attempt = this.#held.get(run_id)
    if (attempt?.frame.epoch !== epoch) return
    const waiting = this.#queue.findIndex((one) => one.attempt === attempt)
    if (waiting === -1) attempt.cancel(reason)
    else {
      this.#queue.splice(waiting, 1)
      attempt.cancelUnstarted(reason)
    }
  }

  #ended(attempt: Attempt): void {
    this.#active.delete(attempt)
    const next = this.#active.size < this.#limit ? this.#queue.shift() : undefined
    if (next) this.#start(next)
    this.#checkIdle()
    this.#checkSpent()
  }

  #forget(attempt: Attempt): void {
    const runId = attempt.frame.run_id
    if (this.#held.get(runId) === attempt) this.#held.delete(runId)
    this.#options.hosted?.runEnded(runId, attempt.frame.epoch)
    const waiting = this.#queue.findIndex((one) => one.attempt === attempt)
    if (waiting !== -1) this.#queue.splice(waiting, 1)
    this.#checkIdle()
    this.#checkSpent()
  }

  #checkSpent(): void {
    const { hosted } = this.#options
    if (hosted && this.#taken >= hosted.uses && this.#held.size === 0 && this.running === 0) hosted.spent()
  }

  #checkIdle(): void {
    if (this.running === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  async drain(): Promise<void> {
    if (!this.#draining) {
      this.#draining = true
      this.#session.send({ type: 'drain' })
      this.#setState('draining')
    }
    const closed = this.closed.catch(() => {})
    // A run may be on its way: what the server sent before it read the frame is here when it answers.
    await Promise.race([this.#outbox.roundTrip(), closed])
    if (this.running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
    await Promise.race([this.#outbox.idle(), closed])
    this.close()
    await this.closed.catch(() => {})
  }

  handBack(): void {
    this.#session.send({ type: 'drain', hand_back: true })
    this.close()
  }

  flush(): void {
    this.#outbox.flush()
  }

  close(): void {
    for (const attempt of [...this.#active]) attempt.abandon()
    this.#session.close()
  }
}

/** The file that the code comes from: its entrypoint where that is known, else the program that was started. */
const programName = ([first]: readonly ServedDeployment[]): string =>
  basename(first?.offer.entrypoint?.split(':')[0] ?? process.argv[1] ?? 'node')

const missing = (name: string): Load => {
  return () => {
    throw new AppError('deployment_not_found', `This executor has no deployment ${name}. Start one that serves it.`)
  }
}

/** Settles when the server has welcomed it: until then it waits for a server that is away. Throws what the server refuses it with. */
export async function startExecutor(options: ExecutorOptions): Promise<Executor> {
  options.signal?.throwIfAborted()
  const executor = new RunningExecutor(options)
  const close = () => executor.close()
  options.signal?.addEventListener('abort', close, { once: true })
  executor.closed.catch(() => {}).finally(() => options.signal?.removeEventListener('abort', close))
  await executor.welcomed.promise
  return executor
}
