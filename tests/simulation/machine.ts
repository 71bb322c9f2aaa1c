/** A machine with executors and hosts: it starts another one when one has ended. It can lose its network, and its power. */
import type { DeploymentOffer } from '@pilotflame/core'
import type { HostDeployment } from '@pilotflame/worker'
import { ExecutorProcess } from './executor-process.ts'
import { HostProcess } from './host-process.ts'
import type { VirtualProcess } from './virtual-process.ts'
import { MS, SECOND, type World } from './world.ts'

export interface MachineOptions {
  readonly name: string
  readonly boot: string
  /** How far its clock is from the server's, in microseconds. */
  readonly clockOffset: number
  readonly executors: readonly { readonly limit: number; readonly offers: readonly DeploymentOffer[] }[]
  readonly hosts: readonly (readonly HostDeployment[])[]
}

export class Machine {
  readonly name: string
  readonly boot: string
  readonly clockOffset: number
  /** False while its network is away. */
  reachable = true
  readonly #world: World
  readonly #executors = new Set<ExecutorProcess>()
  readonly #hosts = new Set<HostProcess>()

  constructor(world: World, { name, boot, clockOffset, executors, hosts }: MachineOptions) {
    this.#world = world
    this.name = name
    this.boot = boot
    this.clockOffset = clockOffset
    for (const options of executors) this.#keep(this.#executors, () => this.#executor(options))
    for (const deployments of hosts) this.#keep(this.#hosts, () => this.#host(deployments))
  }

  #executor({ limit, offers }: MachineOptions['executors'][number]): ExecutorProcess {
    return new ExecutorProcess(this.#world, { machine: this, limit, offers: offers.map((offer) => this.#newest(offer)) })
  }

  #host(deployments: readonly HostDeployment[]): HostProcess {
    const newest = deployments.map((one) => ({ ...one, offer: this.#newest(one.offer) }))
    return new HostProcess(this.#world, this, newest)
  }

  /** A process has the code that was there when it started. */
  #newest(offer: DeploymentOffer): DeploymentOffer {
    return { ...offer, version: `${offer.flow_name} ${this.#world.code}` }
  }

  /** Starts it, and another one whenever it has ended. */
  #keep<T extends VirtualProcess>(processes: Set<T>, start: () => T): void {
    const made = start()
    processes.add(made)
    made.onExit = () => {
      processes.delete(made)
      const { random, timeline } = this.#world
      timeline.after(random.between(20 * MS, 2 * SECOND), 'a machine starts a process', () => this.#keep(processes, start))
    }
  }

  get executors(): readonly ExecutorProcess[] {
    return [...this.#executors, ...this.hosts.flatMap((host) => host.children)]
  }

  get hosts(): readonly HostProcess[] {
    return [...this.#hosts]
  }

  /** False while one of them has not been welcomed. */
  get settled(): boolean {
    return [...this.#executors, ...this.#hosts].every(({ sessionId }) => sessionId !== '')
  }

  /** New code: what runs finishes with the old one. */
  deploy(): void {
    for (const process of [...this.#executors, ...this.#hosts]) process.drain()
  }

  loseNetwork(): void {
    this.reachable = false
    for (const process of [...this.executors, ...this.hosts]) process.disconnect()
  }

  findNetwork(): void {
    this.reachable = true
  }

  losePower(): void {
    for (const process of [...this.hosts, ...this.executors]) process.die()
  }
}
