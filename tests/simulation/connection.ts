/**
 * One connection between two ends. What one end sends arrives in order, each frame later by a time of its own, until the
 * connection breaks: then the last frames may be lost, and each end learns of it when it learns of it. Connections do
 * not wait for one another, so frames of two overtake each other.
 */
import type { World } from './world.ts'

/** One end's view: what it is told. */
export interface End {
  receive(frame: unknown): void
  closed(): void
}

export class Direction {
  readonly #world: World
  readonly #name: string
  readonly #under: { lost: boolean }[] = []
  #lastAt = 0
  #over = false
  end: End | null = null

  constructor(world: World, name: string) {
    this.#world = world
    this.#name = name
  }

  send(frame: unknown): void {
    if (this.#over) return
    const text = JSON.stringify(frame)
    const entry = { lost: false }
    this.#under.push(entry)
    this.#deliver(() => {
      this.#under.shift()
      if (!entry.lost) this.end?.receive(JSON.parse(text))
    })
  }

  /** Nothing more is sent; of what is on its way the last `lost` frames never arrive. Then the end is told. */
  close(lostShare: number): void {
    if (this.#over) return
    this.#over = true
    const lost = Math.ceil(this.#under.length * lostShare)
    for (const entry of this.#under.slice(this.#under.length - lost)) entry.lost = true
    this.#deliver(() => {
      const { end } = this
      this.end = null
      end?.closed()
    })
  }

  #deliver(callback: () => void): void {
    const { timeline } = this.#world
    this.#lastAt = Math.max(this.#lastAt, timeline.now + this.#world.latency())
    timeline.after(this.#lastAt - timeline.now, this.#name, callback)
  }
}

export class Connection {
  readonly toServer: Direction
  readonly toExecutor: Direction
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    this.toServer = new Direction(world, 'frame to the server')
    this.toExecutor = new Direction(world, 'frame to an executor')
  }

  /** One end has closed it in good order: what it had sent arrives. */
  closedByExecutor(): void {
    this.toServer.close(0)
    this.toExecutor.close(1)
  }

  closedByServer(): void {
    this.toExecutor.close(0)
    this.toServer.close(0)
  }

  /** It broke, or one end is gone: some of what is on its way arrives. */
  break(): void {
    const { random } = this.#world
    this.toServer.close(random.fraction())
    this.toExecutor.close(random.fraction())
  }
}
