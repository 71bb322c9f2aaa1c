/**
 * What an executor has to tell its server: gathered into batches, kept until acknowledged, sent again after a
 * reconnect in the same order.
 *
 * 1. At most 4 batches are on their way; what comes meanwhile is gathered. An urgent item may be in a fifth to eighth.
 * 2. States and results are never dropped. What is held back is counted, so that streams and logs can hold back too.
 * 3. Items of a lease that was lost are dropped (I2).
 */
import type { AckFrame, BatchFrame, Item } from '@pilotflame/core'

export interface Refusal {
  readonly code: string
  readonly message: string
}

/** The lease that an item belongs to. */
export interface Lease {
  /** Set when the server has given the run to somebody else, or has forgotten it. */
  lost: Refusal | undefined
}

export interface Entry {
  readonly item: Item
  readonly lease: Lease
  readonly characters: number
  /** Called once: the item is on the server's disk, or was refused. */
  readonly settled?: (refusal: Refusal | undefined) => void
}

const BATCHES_MAX = 4
const URGENT_BATCHES_MAX = 8
const ITEMS_MAX = 2_000
const BATCH_CHARACTERS_MAX = 4_000_000
/** Of text: 64 MB. */
export const HELD_CHARACTERS_MAX = 64_000_000

type Schedule = (flush: () => void) => void

export class Outbox {
  #waiting: Entry[] = []
  readonly #underWay = new Map<number, readonly Entry[]>()
  #send: ((frame: BatchFrame) => void) | undefined
  #sequence = 0
  #scheduled = false
  #held = 0
  #idle: (() => void)[] = []
  #roomy: (() => void)[] = []
  /** Those who wait for the answer to a batch without items. */
  readonly #answered = new Map<number, () => void>()
  readonly #schedule: Schedule

  constructor(schedule: Schedule = (flush) => void setImmediate(flush)) {
    this.#schedule = schedule
  }

  get full(): boolean {
    return this.#held >= HELD_CHARACTERS_MAX
  }

  /** Twice of what a stream should hold back: it does not wait, so it must end. */
  get overfull(): boolean {
    return this.#held >= 2 * HELD_CHARACTERS_MAX
  }

  /** Settles when there is room again. */
  room(): Promise<void> {
    return this.full ? new Promise((resolve) => this.#roomy.push(resolve)) : Promise.resolve()
  }

  /** Settles when everything was acknowledged or dropped. */
  idle(): Promise<void> {
    return this.#empty ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  get #empty(): boolean {
    return this.#waiting.length === 0 && this.#underWay.size === 0
  }

  /** Settles when the server has answered all that it was sent so far; at once while it is away. */
  roundTrip(): Promise<void> {
    if (!this.#send) return Promise.resolve()
    return new Promise((resolve) => {
      const seq = ++this.#sequence
      this.#underWay.set(seq, [])
      this.#answered.set(seq, resolve)
      this.#send?.({ type: 'batch', seq, items: [] })
    })
  }

  /** Sends what waits now, and not at the end of this turn. */
  flush(): void {
    this.#flush(URGENT_BATCHES_MAX)
  }

  /** An urgent one leaves at once, with all that waits before it. */
  add(entry: Entry, urgent = false): void {
    if (entry.lease.lost) {
      entry.settled?.(entry.lease.lost) // Keeps 3.
      return
    }
    this.#held += entry.characters
    this.#waiting.push(entry)
    if (urgent) this.#flush(URGENT_BATCHES_MAX)
    else this.#flushSoon()
  }

  /** The session goes on over this connection: what was not acknowledged leaves again, before what came since. */
  attach(send: (frame: BatchFrame) => void): void {
    this.#send = send
    this.#flush(BATCHES_MAX)
  }

  detach(): void {
    this.#send = undefined
    const unacknowledged = [...this.#underWay.values()].flat()
    this.#underWay.clear()
    for (const resolve of this.#answered.values()) resolve()
    this.#answered.clear()
    this.#waiting = [...unacknowledged, ...this.#waiting]
  }

  /** The server has forgotten the session: nothing of it can be told any more. */
  drop(refusal: Refusal): void {
    this.detach()
    const dropped = this.#waiting
    this.#waiting = []
    for (const entry of dropped) this.#settle(entry, refusal)
    this.#notify()
  }

  acknowledge({ seq, refused }: AckFrame): void {
    const entries = this.#underWay.get(seq)
    if (!entries) return
    this.#underWay.delete(seq)
    this.#answered.get(seq)?.()
    this.#answered.delete(seq)
    const refusals =
      refused.length === 0 ? undefined : new Map(refused.map(({ index, code, message }) => [index, { code, message }]))
    for (const [index, entry] of entries.entries()) this.#settle(entry, refusals?.get(index))
    this.#flush(BATCHES_MAX)
    this.#notify()
  }

  #settle(entry: Entry, refusal: Refusal | undefined): void {
    this.#held -= entry.characters
    entry.settled?.(refusal)
  }

  #notify(): void {
    if (!this.full && this.#roomy.length > 0) for (const resolve of this.#roomy.splice(0)) resolve()
    if (this.#empty && this.#idle.length > 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #flushSoon(): void {
    if (this.#scheduled || !this.#send) return
    this.#scheduled = true
    this.#schedule(() => {
      this.#scheduled = false
      this.#flush(BATCHES_MAX)
    })
  }

  #flush(batchesMax: number): void {
    while (this.#send && this.#waiting.length > 0 && this.#underWay.size < batchesMax) {
      // Keeps 1.
      const entries = this.#take()
      if (entries.length === 0) continue
      const seq = ++this.#sequence
      this.#underWay.set(seq, entries)
      this.#send({ type: 'batch', seq, items: entries.map(({ item }) => item) })
    }
  }

  /** The next batch, in order; those of lost leases go. */
  #take(): readonly Entry[] {
    const taken: Entry[] = []
    let count = 0
    let characters = 0
    for (const entry of this.#waiting) {
      if (taken.length === ITEMS_MAX || (taken.length > 0 && characters + entry.characters > BATCH_CHARACTERS_MAX)) break
      count++
      if (entry.lease.lost) {
        this.#settle(entry, entry.lease.lost)
        continue
      }
      taken.push(entry)
      characters += entry.characters
    }
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count)
    if (taken.length === 0) this.#notify()
    return taken
  }
}
