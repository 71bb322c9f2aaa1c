/**
 * Virtual time: what is to happen, in the order in which it happens. Nothing waits for real; a second costs nothing.
 * After each step everything that it set off is done before the next one begins.
 */

interface Entry {
  readonly at: number
  readonly order: number
  readonly name: string
  /** Null when it was called off. */
  callback: (() => void) | null
}

const isBefore = (one: Entry, other: Entry): boolean => one.at < other.at || (one.at === other.at && one.order < other.order)

/** As Node's timers: whole milliseconds, and at least one. */
export const timerMicros = (delayMs: number): number => Math.max(1, Math.trunc(delayMs)) * 1_000

/** Settles when every promise that can go on has gone on: ticks come after the microtasks that are there. */
const everythingSettled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

export class Timeline {
  /** Microseconds since the schedule began. */
  now = 0
  steps = 0
  readonly #heap: Entry[] = []
  #order = 0

  /** Calls back after so many microseconds; returns a way to call it off. */
  after(delayMicros: number, name: string, callback: () => void): () => void {
    this.#order += 1
    const entry: Entry = { at: this.now + Math.max(0, Math.round(delayMicros)), order: this.#order, name, callback }
    this.#push(entry)
    return () => {
      entry.callback = null
    }
  }

  /** Does what comes next; gives its name, or undefined when nothing is left. */
  async step(): Promise<string | undefined> {
    for (;;) {
      const entry = this.#pop()
      if (!entry) return undefined
      const { callback } = entry
      if (!callback) continue
      entry.callback = null
      this.now = entry.at
      this.steps += 1
      callback()
      await everythingSettled()
      return entry.name
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (!above || !isBefore(entry, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = entry
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!first || !last || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = heap[child]
      if (!left) break
      const right = heap[child + 1]
      let next = left
      if (right && isBefore(right, left)) {
        next = right
        child += 1
      }
      if (!isBefore(next, last)) break
      heap[at] = next
      at = child
    }
    heap[at] = last
    return first
  }
}
