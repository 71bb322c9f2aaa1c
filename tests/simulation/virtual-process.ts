/** A process of this world: it has an id, may be stopped for a while, and ends once. */
import type { World } from './world.ts'

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

export abstract class VirtualProcess {
  readonly world: World
  readonly pid: number
  alive = true
  stopped = false
  readonly #backlog: (() => void)[] = []
  /** Told once when it is gone. */
  onExit: (exit: Exit) => void = () => undefined

  constructor(world: World) {
    this.world = world
    this.pid = world.nextPid()
    world.processes.set(this.pid, this)
  }

  /** As a timer or a message of this process: not at all when it is gone, and later while it is stopped. */
  after(delayMicros: number, name: string, callback: () => void): () => void {
    return this.world.timeline.after(delayMicros, name, () => this.do(callback))
  }

  do(callback: () => void): void {
    if (!this.alive) return
    if (this.stopped) this.#backlog.push(callback)
    else callback()
  }

  /** As after `kill -STOP`; `resume` is `kill -CONT`. */
  stop(): void {
    this.stopped = true
  }

  resume(): void {
    this.stopped = false
    for (const callback of this.#backlog.splice(0)) this.do(callback)
  }

  /** Ends at once, as after `kill -9`. */
  die(): void {
    this.end({ code: null, signal: 'SIGKILL' })
  }

  end(exit: Exit): void {
    if (!this.alive) return
    this.alive = false
    this.world.note(() => `process ${this.pid} has ended: ${exit.signal ?? exit.code}`)
    this.gone(exit)
    this.onExit(exit)
  }

  /** What goes with it. */
  protected abstract gone(exit: Exit): void

  /** Its network fails. */
  abstract disconnect(): void
}
