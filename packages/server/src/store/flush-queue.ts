/**
 * Settles what was committed once it is on disk: the first flush that STARTS after a commit makes it durable.
 * It flushes at once when the disk is free, and gathers only while a flush is in flight. Keeps I5.
 */
import { AppError } from '@pilotflame/core'
import type { Flush } from '../ports.ts'

export interface Waiter {
  settle(): void
  refuse(error: Error): void
}

export class FlushQueue {
  readonly #flush: Flush
  readonly #onFatal: (error: Error) => void
  /** True when something was committed since the last flush began. */
  #dirty = false
  #waiting: Waiter[] = []
  #inFlight: Waiter[] | null = null
  #failed: Error | null = null
  #whenIdle: (() => void)[] = []
  flushes = 0

  constructor(flush: Flush, onFatal: (error: Error) => void) {
    this.#flush = flush
    this.#onFatal = onFatal
  }

  /** Why nothing can be made durable any more. */
  get failed(): Error | null {
    return this.#failed
  }

  /** Takes what one commit leaves to settle. What only read waits for the writes it may have seen. */
  add(waiters: readonly Waiter[], wrote: boolean): void {
    if (this.#failed) return refuseAll(waiters, this.#failed)
    if (wrote) this.#dirty = true
    if (this.#dirty) {
      this.#waiting.push(...waiters)
      if (!this.#inFlight) this.#start()
    } else if (this.#inFlight) this.#inFlight.push(...waiters)
    else settleAll(waiters)
  }

  /** Settles when nothing waits for the disk. */
  async idle(): Promise<void> {
    if (this.#inFlight) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
  }

  #start(): void {
    this.#inFlight = this.#waiting
    this.#waiting = []
    this.#dirty = false
    this.flushes += 1
    this.#flush((error) => this.#finish(error))
  }

  #finish(error: Error | null): void {
    const done = this.#inFlight ?? []
    this.#inFlight = null
    if (error) return this.#fail(error, done)
    if (this.#dirty) this.#start()
    settleAll(done)
    if (!this.#inFlight) this.#wakeIdle()
  }

  /** After a failed flush nobody knows what is on disk: nothing more is acknowledged, and the process ends. */
  #fail(cause: Error, done: readonly Waiter[]): void {
    this.#failed = new AppError(
      'store_failed',
      `The disk refused to make the database's log durable (${cause.message}). Check the disk, then start the server again.`,
      { cause },
    )
    const waiting = this.#waiting
    this.#waiting = []
    this.#onFatal(this.#failed)
    refuseAll([...done, ...waiting], this.#failed)
    this.#wakeIdle()
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
