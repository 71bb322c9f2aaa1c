/** A host's ports without a machine: time goes by when it is told to, and a process does what the test says. */
import type { ChildIdentity, ChildMessage, DeploymentOffer, PoolFrame } from '@pilotflame/core'
import { CHILD_VARIABLE, PROCESS_DEFAULTS } from '@pilotflame/core'
import { Host, type HostOptions } from '../src/host.ts'
import type { HostDeployment } from '../src/host-options.ts'
import type { ChildEvents, ChildExit, ChildSpec, HostClock, HostFrame, HostProcesses } from '../src/host-ports.ts'

export class VirtualClock implements HostClock {
  nowMs = 1_000
  #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  monotonic(): number {
    return this.nowMs * 1000
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.nowMs + delayMs, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets time go by; timers fire at their moment, in order. */
  advance(ms: number): void {
    const until = this.nowMs + ms
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (!next) break
      this.#timers.delete(next)
      this.nowMs = Math.max(this.nowMs, next.at)
      next.callback()
    }
    this.nowMs = until
  }

  get pending(): number {
    return this.#timers.size
  }
}

export class VirtualProcess {
  readonly pid: number
  readonly spec: ChildSpec
  readonly signals: string[] = []
  rssMb = 60
  stopped = false
  low = false
  alive = true
  /** Like user code that handles SIGTERM: only SIGKILL ends it. */
  stubborn = false
  readonly #events: ChildEvents

  constructor(pid: number, spec: ChildSpec, events: ChildEvents) {
    this.pid = pid
    this.spec = spec
    this.#events = events
  }

  get identity(): ChildIdentity {
    return JSON.parse(this.spec.env[CHILD_VARIABLE] ?? '{}') as ChildIdentity
  }

  tell(message: ChildMessage): void {
    this.#events.message(message)
  }

  ready(sessionId = `session of ${this.pid}`): void {
    this.tell({ type: 'ready', session_id: sessionId })
  }

  say(text: string): void {
    this.#events.line('stderr', text)
  }

  exit(exit: Partial<ChildExit>): void {
    if (!this.alive) return
    this.alive = false
    this.#events.exit({ code: null, signal: null, ...exit })
  }
}

export class VirtualProcesses implements HostProcesses {
  readonly all: VirtualProcess[] = []
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  spawn(spec: ChildSpec, events: ChildEvents): number {
    const child = new VirtualProcess(100 + this.all.length, spec, events)
    this.all.push(child)
    return child.pid
  }

  /** It ends 3 ms after a signal that ends it. */
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL', { group }: { readonly group: boolean }): void {
    const child = this.#find(pid)
    if (!child?.alive) return
    child.signals.push(group ? `${signal} to the group` : signal)
    if (signal === 'SIGTERM' && (child.stubborn || child.stopped)) return
    const exit = signal === 'SIGTERM' && !group ? { code: 0 } : { signal }
    this.#clock.after(3, () => child.exit(exit))
  }

  sample(pid: number): { rssMb: number; stopped: boolean } | null {
    const child = this.#find(pid)
    return child?.alive ? { rssMb: child.rssMb, stopped: child.stopped } : null
  }

  lowPriority(pid: number): void {
    const child = this.#find(pid)
    if (child) child.low = true
  }

  normalPriority(pid: number): void {
    const child = this.#find(pid)
    if (child) child.low = false
  }

  #find(pid: number): VirtualProcess | undefined {
    return this.all.find((one) => one.pid === pid)
  }
}

export const HOST_SESSION = 'session of the host'

const offer: DeploymentOffer = {
  flow_name: 'answer',
  name: 'chat',
  version: 'v1',
  entrypoint: null,
  description: null,
  tags: [],
  parameters: {},
  parameter_schema: null,
  triggers: [],
  retries: 0,
  retry_delay_ms: 0,
}

export const deploymentOf = (limits: Partial<HostDeployment>, name = 'chat'): HostDeployment => ({
  ...PROCESS_DEFAULTS,
  isolation: 'fresh',
  offer: { ...offer, name },
  command: { file: 'chat.mjs', args: ['--loud'], env: { KEY: 'own' } },
  ...limits,
})

/** A host with one deployment, its id `d`, and what it has sent. */
export class VirtualHost {
  readonly clock = new VirtualClock()
  readonly processes = new VirtualProcesses(this.clock)
  readonly frames: HostFrame[] = []
  readonly host: Host
  connected = true
  empty = false

  constructor(limits: Partial<HostDeployment> = {}, options: Partial<HostOptions> = {}) {
    const send = (frame: HostFrame) => void (this.connected && this.frames.push(frame))
    this.host = new Host(
      { clock: this.clock, processes: this.processes, send },
      {
        deployments: [deploymentOf(limits)],
        server: { apiUrl: 'http://127.0.0.1:4200/api', authString: null },
        memoryMbMax: 100_000,
        startsAtOnceMax: 10,
        onEmpty: () => {
          this.empty = true
        },
        ...options,
      },
    )
  }

  welcome(sessionId = HOST_SESSION): this {
    this.connected = true
    this.host.welcome({ session_id: sessionId, deployments: [{ id: 'd', flow_name: 'answer', name: 'chat' }] })
    return this
  }

  away(): void {
    this.connected = false
    this.host.away()
  }

  /** The process that was started as the `n`th, from 1. */
  child(n: number): VirtualProcess {
    const child = this.processes.all[n - 1]
    if (!child) throw new Error(`no ${n} processes were started`)
    return child
  }

  get started(): number {
    return this.processes.all.length
  }

  /** The last one started becomes ready. */
  readyOne(): VirtualProcess {
    const child = this.child(this.started)
    child.ready()
    return child
  }

  place(child: VirtualProcess, runId = 'run', epoch = 1): void {
    this.host.receive({ type: 'placed', run_id: runId, epoch, session_id: `session of ${child.pid}`, deployment_id: 'd' })
  }

  cancel(runId = 'run', epoch = 1): void {
    this.host.receive({ type: 'cancel', run_id: runId, epoch, reason: 'as asked' })
  }

  want(waiting: number): void {
    this.host.receive({ type: 'want', deployment_id: 'd', waiting })
  }

  get ends(): readonly Extract<HostFrame, { type: 'child_end' }>[] {
    return this.frames.filter((frame) => frame.type === 'child_end')
  }

  get pools(): readonly PoolFrame[] {
    return this.frames.filter((frame) => frame.type === 'pool')
  }

  get counts(): string {
    const { starting, ready, busy } = this.host.counts()['answer/chat'] ?? { starting: 0, ready: 0, busy: 0 }
    return `${starting} starting, ${ready} ready, ${busy} busy`
  }
}
