/**
 * Settles what was written once it is on disk, in the order in which it was written. A body is in the database's log or
 * in the journal's file: the first flush of that one which STARTS after the write makes it durable. Each of the two is
 * flushed at once when its disk is free, and gathers only while its flush is in flight. Keeps I5.
 */
import { AppError } from '@pilotflame/core'
import type { Flush } from '../ports.ts'

export interface Waiter {
  settle(): void
  refuse(error: Error): void
}

/** Where a body was written to. */
export type Written = 'log' | 'journal'

/** What one commit, or one record, leaves to settle. */
interface Group {
  readonly waiters: Waiter[]
  durable: boolean
}

/** One file and its flushes: one in flight at most. */
class Lane {
  readonly #flush: Flush
  readonly #onEnd: (error: Error | null) => void
  readonly #onStart: () => void
  #waiting: Group[] = []
  #inFlight: Group[] | null = null
  /** True when it has to be flushed again. */
  #dirty = false
  /** What to do when the flush in flight, and the next one, have ended. */
  #then: (() => void)[] = []
  #thenNext: (() => void)[] = []
  #stopped = false

  constructor(flush: Flush, onStart: () => void, onEnd: (error: Error | null) => void) {
    this.#flush = flush
    this.#onStart = onStart
    this.#onEnd = onEnd
  }

  get busy(): boolean {
    return this.#inFlight !== null
  }

  /** True while a group is not on disk. */
  get isBehind(): boolean {
    return this.#waiting.length > 0 || (this.#inFlight !== null && this.#inFlight.length > 0)
  }

  add(group: Group | undefined, then?: () => void): void {
    if (group) this.#waiting.push(group)
    if (then) this.#thenNext.push(then)
    this.#dirty = true
    if (!this.#inFlight) this.#start()
  }

  /** No further flush begins. */
  stop(): void {
    this.#stopped = true
  }

  #start(): void {
    this.#inFlight = this.#waiting
    this.#waiting = []
    this.#then = this.#thenNext
    this.#thenNext = []
    this.#dirty = false
    this.#onStart()
    this.#flush((error) => this.#finish(error))
  }

  #finish(error: Error | null): void {
    const done = this.#inFlight ?? []
    const then = this.#then
    this.#inFlight = null
    if (!error && !this.#stopped) {
      for (const group of done) group.durable = true
      if (this.#dirty) this.#start()
      for (const next of then) next()
    }
    this.#onEnd(error)
  }
}

export interface Flushes {
  /** Of the database's log. */
  readonly log: Flush
  readonly journal: Flush
}

export class FlushQueue {
  readonly #lanes: Readonly<Record<Written, Lane>>
  readonly #onFatal: (error: Error) => void
  /** In the order in which they were written. */
  #groups: Group[] = []
  #failed: Error | null = null
  #whenIdle: (() => void)[] = []
  flushes = 0

  constructor({ log, journal }: Flushes, onFatal: (error: Error) => void) {
    const onStart = (): void => {
      this.flushes += 1
    }
    const onEnd = (error: Error | null): void => this.#ended(error)
    this.#lanes = { log: new Lane(log, onStart, onEnd), journal: new Lane(journal, onStart, onEnd) }
    this.#onFatal = onFatal
  }

  /** Why nothing can be made durable any more. */
  get failed(): Error | null {
    return this.#failed
  }

  /** True while a body that was committed to its tables is not on disk. */
  get logIsBehind(): boolean {
    return this.#lanes.log.isBehind
  }

  /**
   * Takes what one commit, or one record, leaves to settle. What only read waits for the writes it may have seen.
   * `then` is called when it is on disk, before anything settles.
   */
  add(waiters: readonly Waiter[], written: Written | null, then?: () => void): void {
    if (this.#failed) return refuseAll(waiters, this.#failed)
    const last = this.#groups.at(-1)
    if (written) {
      const group = { waiters: [...waiters], durable: false }
      this.#groups.push(group)
      this.#lanes[written].add(group, then)
    } else if (last) last.waiters.push(...waiters)
    else settleAll(waiters)
  }

  /** Flushes the log though nobody waits for it. */
  flushLog(then: () => void): void {
    if (!this.#failed) this.#lanes.log.add(undefined, then)
  }

  /** Settles when nothing waits for the disk. */
  async idle(): Promise<void> {
    if (this.#busy) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
  }

  get #busy(): boolean {
    return this.#lanes.log.busy || this.#lanes.journal.busy
  }

  #ended(error: Error | null): void {
    if (error) this.fail(error)
    while (this.#groups[0]?.durable) settleAll(this.#groups.shift()?.waiters ?? [])
    if (!this.#busy) this.#wakeIdle()
  }

  /** After a failed flush nobody knows what is on disk: nothing more is acknowledged, and the process ends. */
  fail(cause: Error): void {
    if (this.#failed) return
    for (const lane of Object.values(this.#lanes)) lane.stop()
    this.#failed = new AppError(
      'store_failed',
      `The disk refused to make the database durable (${cause.message}). Check the disk, then start the server again.`,
      { cause },
    )
    const groups = this.#groups
    this.#groups = []
    this.#onFatal(this.#failed)
    for (const { waiters } of groups) refuseAll(waiters, this.#failed)
    if (!this.#busy) this.#wakeIdle()
  }

  #wakeIdle(): void {
    for (const wake of this.#whenIdle.splice(0)) wake()
  }
}

function settleAll(waiters: readonly Waiter[]): void {
  for (const waiter of waiters) waiter.settle()
}

function refuseAll(waiters: readonly Waiter[], error: Error): void {
  for (const waiter of waiters) waiter.refuse(error)
}
