/** A machine with executors: it starts another one when one has ended. It can lose its network, and all at once its power. */
import type { DeploymentOffer } from '@pilotflame/core'
import { ExecutorProcess } from './executor-process.ts'
import { MS, SECOND, type World } from './world.ts'

export interface MachineOptions {
  readonly name: string
  readonly boot: string
  /** How far its clock is from the server's, in microseconds. */
  readonly clockOffset: number
  /** What each of its executors serves. */
  readonly places: readonly { readonly limit: number; readonly offers: readonly DeploymentOffer[] }[]
}

export class Machine {
  readonly name: string
  readonly boot: string
  readonly clockOffset: number
  readonly executors: (ExecutorProcess | null)[] = []
  /** False while its network is away. */
  reachable = true
  readonly #world: World
  readonly #options: MachineOptions

  constructor(world: World, options: MachineOptions) {
    this.#world = world
    this.#options = options
    this.name = options.name
    this.boot = options.boot
    this.clockOffset = options.clockOffset
    options.places.forEach((_, place) => {
      this.#spawn(place)
    })
  }

  #spawn(place: number): void {
    const options = this.#options.places[place]
    if (options) this.executors[place] = new ExecutorProcess(this.#world, { machine: this, pid: this.#world.nextPid(), ...options })
  }

  /** Called by an executor that has ended. */
  ended(executor: ExecutorProcess): void {
    const place = this.executors.indexOf(executor)
    if (place === -1) return
    this.executors[place] = null
    const { random, timeline } = this.#world
    timeline.after(random.between(20 * MS, 2 * SECOND), 'a machine starts an executor', () => this.#spawn(place))
  }

  get living(): readonly ExecutorProcess[] {
    return this.executors.filter((one) => one !== null)
  }

  loseNetwork(): void {
    this.reachable = false
    for (const executor of this.living) executor.disconnect()
  }

  findNetwork(): void {
    this.reachable = true
  }

  losePower(): void {
    for (const executor of this.living) executor.die()
  }
}
