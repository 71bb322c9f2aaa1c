/** What goes wrong, and when: drawn from the seed, between any two steps. */
import type { ExecutorProcess } from './executor-process.ts'
import type { Machine } from './machine.ts'
import { MS, SECOND, type World } from './world.ts'

interface Planned {
  readonly afterCommand: number
  readonly afterSteps: number
  readonly happen: () => boolean
  readonly isCrash: boolean
}

export class Faults {
  #planned: Planned[] = []
  readonly #armed: { readonly atStep: number; readonly happen: () => boolean }[] = []
  readonly #world: World
  readonly #machines: readonly Machine[]
  crashes = 0

  constructor(world: World, machines: readonly Machine[]) {
    this.#world = world
    this.#machines = machines
  }

  /** Draws what will go wrong, and after which steps of which command. */
  plan(commands: number): void {
    const { random } = this.#world
    const add = (happen: () => boolean, isCrash = false): void => {
      const afterSteps = (isCrash ? 10 : 0) + random.below(40)
      this.#planned.push({ afterCommand: 1 + random.below(commands), afterSteps, happen, isCrash })
    }
    const servers = 1 + (random.chance(0.4) ? 1 : 0) + (random.chance(0.1) ? 1 : 0)
    for (let count = 0; count < servers; count += 1) add(() => this.#crashServer(), true)
    add(() => this.#killExecutor())
    const others = 2 + random.below(6)
    for (let count = 0; count < others; count += 1) add(() => this.#happen())
  }

  /** So many have not happened yet. */
  get left(): number {
    return this.#planned.length + this.#armed.length
  }

  /** The command with this number was given. */
  arm(command: number): void {
    const due = this.#planned.filter(({ afterCommand }) => afterCommand === command)
    this.#planned = this.#planned.filter(({ afterCommand }) => afterCommand !== command)
    for (const { afterSteps, happen, isCrash } of due) {
      this.#armed.push({ atStep: this.#world.timeline.steps + afterSteps, happen })
      if (isCrash) this.#world.server.expectCrash()
    }
  }

  /** Between two steps: what is due happens. */
  strike(): void {
    for (const [index, { atStep, happen }] of this.#armed.entries()) {
      if (atStep > this.#world.timeline.steps || !happen()) continue
      this.#armed.splice(index, 1)
      return
    }
  }

  /** False when it cannot be yet. */
  #crashServer(): boolean {
    const world = this.#world
    const { server, timeline, random } = world
    if (!server.canCrash) {
      server.expectCrash()
      return false
    }
    this.crashes += 1
    server.crash()
    const away = random.between(20 * MS, random.chance(0.2) ? 8 * SECOND : SECOND)
    timeline.after(away, 'the server starts', () => {
      server.start().catch((error: unknown) => world.violated('the server starts', String(error)))
    })
    return true
  }

  /** Any of the others. */
  #happen(): boolean {
    const { random } = this.#world
    const kind = random.below(100)
    if (kind < 30) this.#executor()?.disconnect()
    else if (kind < 55) this.#killExecutor()
    else if (kind < 65) this.#stop()
    else if (kind < 72) this.#partition()
    else if (kind < 76) this.#powerCut()
    else if (kind < 85) this.#host()
    else if (kind < 90) this.#deploy()
    else this.#jump()
    return true
  }

  #killExecutor(): boolean {
    const executor = this.#executor()
    if (!executor) return false
    this.crashes += 1
    executor.die()
    return true
  }

  #executor(): ExecutorProcess | undefined {
    const { random } = this.#world
    const living = this.#machines.flatMap(({ executors }) => executors)
    const busy = living.filter(({ running }) => running > 0)
    if (busy.length > 0 && random.chance(0.7)) return random.pick(busy)
    return living.length === 0 ? undefined : random.pick(living)
  }

  #stop(): void {
    const executor = this.#executor()
    if (!executor) return
    executor.stop()
    const { random, timeline } = this.#world
    timeline.after(random.between(50 * MS, 9 * SECOND), 'an executor goes on', () => executor.resume())
  }

  #host(): void {
    const { random } = this.#world
    const hosts = this.#machines.flatMap((machine) => machine.hosts)
    if (hosts.length === 0) return
    const host = random.pick(hosts)
    const kind = random.below(4)
    if (kind === 0) host.disconnect()
    else if (kind === 1) host.drain()
    else if (kind === 2) host.handBack()
    else {
      this.crashes += 1
      host.die()
    }
  }

  /** Not while one starts: nobody could say whose code is the newer one. */
  #deploy(): void {
    if (!this.#machines.every(({ settled }) => settled)) return
    this.#world.code += 1
    this.#world.note(() => `the code is version ${this.#world.code} now`)
    for (const machine of this.#machines) machine.deploy()
  }

  #partition(): void {
    const { random, timeline } = this.#world
    const machine = random.pick(this.#machines)
    machine.loseNetwork()
    timeline.after(random.between(50 * MS, 10 * SECOND), 'the network is back', () => machine.findNetwork())
  }

  #powerCut(): void {
    this.crashes += 1
    this.#world.random.pick(this.#machines).losePower()
  }

  /** Forwards, gladly over a moment that a run waits for; or back a little. */
  #jump(): void {
    const { random, server } = this.#world
    const next = server.nextDue()
    let micros = random.chance(0.7) ? random.between(1 * SECOND, 60 * SECOND) : -random.between(1 * SECOND, 8 * SECOND)
    if (next !== null && random.chance(0.6)) micros = next + random.between(0, 2 * SECOND)
    server.jump(Math.round(micros))
    this.#world.note(() => `the clock jumps by ${micros / SECOND} s`)
  }
}
