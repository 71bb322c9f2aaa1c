/** Tells the server how the pools are, when that has changed, at most every 200 ms. For people who ask why a run waits. */
import type { PoolFrame } from '@pilotflame/core'
import type { ChildPool } from './child-pool.ts'
import type { HostPorts } from './host-ports.ts'

const GATHER_MS = 200

export class PoolReports {
  readonly #ports: Pick<HostPorts, 'clock' | 'send'>
  readonly #changed = new Set<ChildPool>()
  readonly #sent = new Map<ChildPool, string>()
  #connected = false
  #stopTimer: (() => void) | undefined

  constructor(ports: Pick<HostPorts, 'clock' | 'send'>) {
    this.#ports = ports
  }

  connected(): void {
    this.#connected = true
    this.#sent.clear()
  }

  away(): void {
    this.#connected = false
  }

  changed(pool: ChildPool): void {
    this.#changed.add(pool)
    this.#stopTimer ??= this.#ports.clock.after(GATHER_MS, () => this.#flush())
  }

  stop(): void {
    this.#stopTimer?.()
    this.#flush()
  }

  #flush(): void {
    this.#stopTimer = undefined
    for (const pool of this.#changed) {
      if (!this.#connected || pool.deploymentId === undefined) continue
      const frame: PoolFrame = { type: 'pool', deployment_id: pool.deploymentId, ...pool.counts() }
      const text = JSON.stringify(frame)
      if (this.#sent.get(pool) === text) continue
      this.#sent.set(pool, text)
      this.#ports.send(frame)
    }
    this.#changed.clear()
  }
}
