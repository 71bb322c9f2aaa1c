/**
 * A host: the real one of `packages/worker`, on virtual processes. When it dies its processes lose their parent, and
 * drain; when it has drained it leaves.
 */
import { CHANNEL_PROTOCOL, CHILD_VARIABLE, type ChildIdentity, type HelloFrame } from '@pilotflame/core'
import { type ChildEvents, type ChildSpec, Host, type HostDeployment, type HostProcesses } from '@pilotflame/worker'
import { ExecutorProcess } from './executor-process.ts'
import { Link } from './link.ts'
import type { Machine } from './machine.ts'
import { timerMicros } from './timeline.ts'
import { VirtualProcess } from './virtual-process.ts'
import { MS, type World } from './world.ts'

/** A message from a process to its parent, or word of its end. */
const NEAR = { from: 20, to: 3 * MS }
const START_FAILS = 0.02
const MEMORY_MB = 60

export class HostProcess extends VirtualProcess {
  readonly #machine: Machine
  readonly #deployments: readonly HostDeployment[]
  readonly #host: Host
  readonly #link: Link
  readonly #children = new Map<number, ExecutorProcess>()

  constructor(world: World, machine: Machine, deployments: readonly HostDeployment[]) {
    super(world)
    this.#machine = machine
    this.#deployments = deployments
    const clock = {
      monotonic: () => world.timeline.now,
      after: (delayMs: number, callback: () => void) => this.after(timerMicros(delayMs), 'timer of a host', callback),
    }
    this.#host = new Host(
      { clock, processes: this.#processes(), send: (frame) => this.#link.send(frame) },
      {
        deployments,
        server: { apiUrl: 'http://simulated/api', authString: null },
        memoryMbMax: 4_096,
        startsAtOnceMax: 2,
        onEmpty: () => this.after(0, 'a host leaves', () => this.end({ code: 0, signal: null })),
      },
    )
    this.#link = new Link(this, machine, {
      hello: () => this.#hello(),
      welcome: (frame) => this.#host.welcome(frame),
      receive: (frame) => {
        if (frame.type !== 'run' && frame.type !== 'ack') this.#host.receive(frame)
      },
      away: () => this.#host.away(),
    })
    this.after(world.random.between(1 * MS, 50 * MS), 'a host starts', () => this.#link.connect())
  }

  get sessionId(): string {
    return this.#host.sessionId ?? ''
  }

  get children(): readonly ExecutorProcess[] {
    return [...this.#children.values()]
  }

  drain(): void {
    this.do(() => this.#host.drain())
  }

  handBack(): void {
    this.do(() => this.#host.handBack())
  }

  override disconnect(): void {
    this.#link.break()
  }

  protected override gone(): void {
    this.#link.break()
    for (const child of this.#children.values()) child.after(this.#soon(), 'a process has lost its host', () => child.drain())
  }

  #soon(): number {
    return this.world.random.between(NEAR.from, NEAR.to)
  }

  #hello(): HelloFrame {
    return {
      type: 'hello',
      role: 'host',
      protocol: CHANNEL_PROTOCOL,
      session_id: this.#host.sessionId ?? null,
      name: `host-${this.pid}`,
      host: this.#machine.name,
      pid: this.pid,
      boot_id: this.#machine.boot,
      sdk_version: 'simulated',
      limit: 0,
      deployments: this.#deployments.map(({ offer }) => offer),
      holds: [],
    }
  }

  #processes(): HostProcesses {
    return {
      spawn: (spec, events) => this.#spawn(spec, events),
      signal: (pid, signal) => {
        const child = this.#children.get(pid)
        if (signal === 'SIGKILL') child?.die()
        else child?.after(0, 'SIGTERM', () => child.terminate())
      },
      sample: (pid) => {
        const child = this.#children.get(pid)
        if (!child) return null
        const grown = this.world.faulty && child.running > 0 && this.world.random.chance(0.01)
        return { rssMb: grown ? MEMORY_MB * 100 : MEMORY_MB, stopped: child.stopped }
      },
      lowPriority: () => undefined,
      normalPriority: () => undefined,
    }
  }

  #spawn(spec: ChildSpec, events: ChildEvents): number {
    const { world } = this
    const identity = JSON.parse(spec.env[CHILD_VARIABLE] ?? '') as ChildIdentity
    const found = this.#deployments.find(({ offer }) => `${offer.flow_name}/${offer.name}` === identity.deployment)
    if (!found) throw new Error(`A host started a process for ${identity.deployment}, which it does not have.`)
    const tell = (callback: () => void): void => void this.after(this.#soon(), 'word of a process', callback)
    const child = new ExecutorProcess(world, {
      machine: this.#machine,
      limit: 1,
      offers: [{ ...found.offer, version: identity.version, keep_triggers: true }],
      hosted: {
        hostSessionId: identity.host_session_id,
        uses: identity.uses,
        tell: (message) => tell(() => events.message(message)),
      },
    })
    child.onExit = (exit) => {
      this.#children.delete(child.pid)
      tell(() => events.exit(exit))
    }
    if (world.faulty && world.random.chance(START_FAILS)) {
      child.after(10, 'a start fails', () => {
        tell(() => events.message({ type: 'failed', message: 'its code cannot be loaded' }))
        child.end({ code: 1, signal: null })
      })
    }
    this.#children.set(child.pid, child)
    return child.pid
  }
}
