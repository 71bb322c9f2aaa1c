/** Somebody who watches a run's stream, and comes back after each outage where they were. */
import { chunkKey } from './books.ts'
import { needsDisk } from './check-frames.ts'
import { MS, SECOND, type World } from './world.ts'

export class Viewer {
  readonly runId: string
  ended = false
  readonly #world: World
  readonly #seen: string[] = []
  #at = { attempt: 0, n: 0 }
  /** The last attempt that it was told has ended. */
  #attemptOver = 0

  constructor(world: World, runId: string) {
    this.#world = world
    this.runId = runId
    this.#follow()
  }

  get text(): string {
    return this.#seen.join('\n')
  }

  #follow(): void {
    const world = this.#world
    world.timeline.after(world.latency(), 'a viewer comes', () => {
      const life = world.server.incarnation
      if (!world.server.up) return this.#comeBack()
      world.server.request(
        (app) =>
          app.streams.follow(this.runId, this.#at, {
            chunk: (chunk) => {
              if (world.server.incarnation === life) this.#see(chunk)
              return true
            },
            attemptEnd: ({ attempt }) => {
              if (world.server.incarnation === life) this.#attemptOver = Math.max(this.#attemptOver, attempt)
              return true
            },
            end: () => {
              if (world.server.incarnation === life) this.#end()
            },
            gone: () => {
              if (world.server.incarnation === life) this.ended = true
            },
            drained: async () => undefined,
          }),
        (answer) => {
          if (answer.kind === 'refused') this.ended = true
          else if (answer.kind === 'broken') this.#comeBack()
          else this.#watchServer(life)
        },
      )
    })
  }

  #see(chunk: { attempt: number; n: number; text: string }): void {
    const inOrder = chunk.attempt > this.#at.attempt || (chunk.attempt === this.#at.attempt && chunk.n > this.#at.n)
    if (!inOrder) this.#world.violated('streams', `a viewer of ${this.runId} got chunk ${chunk.n} after ${this.#at.n}`)
    const there = this.#world.ledger.books.runs.has(this.runId) // the states of one that was deleted are gone
    const glued = there && chunk.attempt !== this.#at.attempt && this.#at.attempt > this.#attemptOver
    if (glued)
      this.#world.violated('streams', `attempt ${chunk.attempt} of ${this.runId} was glued to attempt ${this.#at.attempt}`)
    needsDisk(this.#world, chunkKey({ flowRunId: this.runId, ...chunk }), 'a chunk that a viewer saw')
    this.#at = { attempt: chunk.attempt, n: chunk.n }
    this.#seen.push(chunk.text)
  }

  #watchServer(life: number): void {
    if (this.ended) return
    this.#world.timeline.after(500 * MS, 'a viewer looks', () => {
      if (this.#world.server.incarnation === life) this.#watchServer(life)
      else this.#comeBack()
    })
  }

  #comeBack(): void {
    if (!this.ended)
      this.#world.timeline.after(this.#world.random.between(100 * MS, SECOND), 'a viewer comes back', () => this.#follow())
  }

  /** The run has ended: it has seen all that is stored by now. */
  #end(): void {
    this.ended = true
    const { books } = this.#world.ledger
    if (!books.runs.has(this.runId)) return
    const stored = [...books.chunks.values()].filter(({ flowRunId }) => flowRunId === this.runId)
    const text = stored
      .sort((one, other) => one.attempt - other.attempt || one.n - other.n)
      .map((chunk) => chunk.text)
      .join('\n')
    if (text !== this.text) this.#world.violated('streams', `a viewer of ${this.runId} saw "${this.text}" and not "${text}"`)
  }
}
