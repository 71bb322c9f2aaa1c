/** `startHost`: makes this process a host. It joins the host's logic with a place at the server and this machine's processes. */
import { availableParallelism, hostname, totalmem } from 'node:os'
import { AppError, CHANNEL_PROTOCOL, type HelloFrame, type WelcomeFrame } from '@pilotflame/core'
import { readServerAddress, SDK_VERSION, type ServerOptions } from '@pilotflame/sdk'
import { readBootId, Session, type Target } from '@pilotflame/sdk/internal'
import type { PoolCounts } from './child-pool.ts'
import { Host } from './host.ts'
import type { HostDeployment } from './host-options.ts'
import type { OutputStream } from './host-ports.ts'
import { nodeClock, nodeProcesses } from './node-processes.ts'
import { createOutput } from './pass-output.ts'

export interface StartHostOptions extends ServerOptions {
  readonly deployments: readonly HostDeployment[]
  /** A name for people, such as `chatbot.ts`. */
  readonly name: string
  /** Of all its processes together. Default: three quarters of what this process may have. */
  readonly memoryMbMax?: number
  /** How many start at the same time. Default: as many as there are processors. */
  readonly startsAtOnceMax?: number
  /** Aborted: ends at once, with all processes. Default: never. */
  readonly signal?: AbortSignal
  /** Gets what people should know, such as that a process cannot start. Default: a line on stderr. */
  readonly onNotice?: (text: string) => void
  /** Gets each line that a process writes. Default: this process's own output. */
  readonly onLine?: (
    stream: OutputStream,
    text: string,
    process: { readonly name: string; readonly pid: number | undefined },
  ) => void
  /** Names the machine's boot. Default: read from the machine. */
  readonly bootId?: string
}

export interface RunningHost {
  /** The id of its session; another one after the server has ended the first. */
  readonly sessionId: string
  readonly apiUrl: string
  readonly deployments: WelcomeFrame['deployments']
  /** Settles when each deployment has its first process ready, or the first one has failed. */
  readonly ready: Promise<void>
  /** Starts nothing more. Settles when the last run has ended and the processes are gone; then it is closed. */
  drain(): Promise<void>
  /** Ends the processes now; the server starts their runs again, whatever their retries. Settles when they are gone. */
  handBack(): Promise<void>
  /** Settles when it is closed; rejects when the server does not take it back, with the code that it gives. */
  readonly closed: Promise<void>
  counts(): Readonly<Record<string, PoolCounts>>
}

const MB = 1024 * 1024
/** The word that a process was sent a run leaves the server 2 ms after the run. */
const FAILURE_NOTICE_MS = 100
/** From SIGKILL until a process is gone. */
const KILLED_MS_MAX = 5_000

/** Three quarters of the machine's memory, or of the control group's. */
function defaultMemoryMb(): number {
  const constrained = process.constrainedMemory()
  const total = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.floor((total / MB) * 0.75)
}

class HostProcess implements RunningHost {
  readonly apiUrl: string
  readonly closed: Promise<void>
  readonly welcomed = Promise.withResolvers<void>()
  readonly #ready = Promise.withResolvers<void>()
  deployments: WelcomeFrame['deployments'] = []
  readonly #options: StartHostOptions
  readonly #bootId: string
  readonly #host: Host
  readonly #session: Session
  readonly #empty = Promise.withResolvers<void>()
  /** Deployments whose first process is neither ready nor has failed. */
  readonly #awaited: Set<string>
  readonly #failures = new Map<string, string | null>()

  constructor(options: StartHostOptions) {
    const server = readServerAddress(options)
    this.apiUrl = server.apiUrl
    this.#options = options
    this.#bootId = options.bootId ?? readBootId()
    const waited = options.deployments.filter(({ warm }) => warm.min > 0)
    this.#awaited = new Set(waited.map(({ offer }) => `${offer.flow_name}/${offer.name}`))
    const pass = createOutput()
    this.#host = new Host(
      { clock: nodeClock(), processes: nodeProcesses(), send: (frame) => this.#session.send(frame) },
      {
        deployments: options.deployments,
        server,
        memoryMbMax: options.memoryMbMax ?? defaultMemoryMb(),
        startsAtOnceMax: options.startsAtOnceMax ?? availableParallelism(),
        onLine: (name, pid, stream, text) => {
          if (options.onLine) options.onLine(stream, text, { name, pid })
          else pass(stream, text)
        },
        onEmpty: () => this.#empty.resolve(),
        onChange: (name, counts) => this.#changed(name, counts),
      },
    )
    this.#session = new Session(server, this.#bootId, {
      hello: () => this.#hello(),
      welcome: (frame, target) => this.#welcome(frame, target),
      receive: (frame) => {
        if (frame.type !== 'run' && frame.type !== 'ack') this.#host.receive(frame)
      },
      away: (reason) => {
        this.#host.away()
        this.#notice(`The server at ${this.apiUrl} is away (${reason}). Waiting until it answers; runs go on meanwhile.`)
      },
    })
    this.closed = this.#keep()
    this.closed.then(
      () => this.welcomed.reject(new AppError('shutting_down', 'The host was closed before the server welcomed it.')),
      (error) => this.welcomed.reject(error),
    )
    void this.#empty.promise.then(() => this.#session.close())
  }

  get sessionId(): string {
    return this.#host.sessionId ?? ''
  }

  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Whatever ends the place at the server ends the processes with it. */
  async #keep(): Promise<void> {
    try {
      await this.#session.keep()
    } finally {
      this.#host.handBack()
      await this.#allGone()
      this.#ready.resolve()
    }
  }

  /** One that the system does not let go of is not waited for. */
  async #allGone(): Promise<void> {
    this.#failures.clear() // nobody tries again
    const timer = setTimeout(() => this.#empty.resolve(), KILLED_MS_MAX)
    await this.#empty.promise
    clearTimeout(timer)
  }

  #notice(text: string): void {
    if (this.#options.onNotice) this.#options.onNotice(text)
    else process.stderr.write(`${text}\n`)
  }

  #hello(): HelloFrame {
    return {
      type: 'hello',
      role: 'host',
      protocol: CHANNEL_PROTOCOL,
      session_id: this.#host.sessionId ?? null,
      name: this.#options.name,
      host: hostname(),
      pid: process.pid,
      boot_id: this.#bootId,
      sdk_version: SDK_VERSION,
      limit: 0,
      deployments: this.#options.deployments.map(({ offer }) => offer),
      holds: [],
    }
  }

  #welcome(frame: WelcomeFrame, target: Target): void {
    this.deployments = frame.deployments
    this.#host.welcome(frame, target.kind === 'socket' ? target.path : null)
    if (this.#awaited.size === 0) this.#ready.resolve()
    this.welcomed.resolve()
  }

  #changed(name: string, { ready, busy, failure }: PoolCounts): void {
    if (failure !== (this.#failures.get(name) ?? null)) {
      this.#failures.set(name, failure)
      if (failure !== null) this.#noticeFailure(name, failure)
    }
    if (ready + busy > 0 || failure !== null) this.#awaited.delete(name)
    if (this.#awaited.size === 0) this.#ready.resolve()
  }

  /** A moment later: one that ended at once may have been sent a run, and the server's word of that is on its way. */
  #noticeFailure(name: string, failure: string): void {
    setTimeout(() => {
      if (this.#failures.get(name) === failure) this.#notice(`A process of ${name} did not start: ${failure}\nTrying again.`)
    }, FAILURE_NOTICE_MS).unref()
  }

  counts(): Readonly<Record<string, PoolCounts>> {
    return this.#host.counts()
  }

  async drain(): Promise<void> {
    this.#host.drain()
    await this.closed.catch(() => undefined)
  }

  async handBack(): Promise<void> {
    this.#host.handBack()
    await this.#allGone()
    await this.closed.catch(() => undefined)
  }
}

/** Settles when the server has welcomed it: until then it waits for a server that is away. Throws what the server refuses it with. */
export async function startHost(options: StartHostOptions): Promise<RunningHost> {
  options.signal?.throwIfAborted()
  const host = new HostProcess(options)
  const end = () => void host.handBack()
  options.signal?.addEventListener('abort', end, { once: true })
  host.closed.catch(() => undefined).finally(() => options.signal?.removeEventListener('abort', end))
  await host.welcomed.promise
  return host
}
