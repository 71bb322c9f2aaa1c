/**
 * Runs one body on one transaction, and says how it ended.
 *
 * A body awaits reads of `tx` only, and those never leave the microtask queue. When the event loop turns before the
 * body has ended, it awaited something else: its promise is left alone, its `tx` refuses all further calls, and the
 * bodies behind it are served.
 */
import { AppError } from '@pilotflame/core'
import type { SqliteTx } from './sqlite-tx.ts'
import type { Tx } from './store.ts'

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

const strayed = (): AppError =>
  new AppError(
    'internal',
    'A transaction awaited something other than a read of its `tx`; it was rolled back. Do the slow work before it or after it.',
  )

export class BodyRunner {
  #stray: (() => void) | null = null
  #watch: NodeJS.Immediate | null = null

  /** Begins to watch for a turn of the event loop. */
  start(): void {
    this.#watch = setImmediate(() => {
      this.start()
      this.#stray?.()
    })
  }

  stop(): void {
    if (this.#watch) clearImmediate(this.#watch)
    this.#watch = null
  }

  run<T>(body: (tx: Tx) => Promise<T>, tx: SqliteTx): Promise<Outcome<T>> {
    return new Promise((resolve) => {
      const finish = (outcome: Outcome<T>): void => {
        this.#stray = null
        tx.end()
        resolve(tx.failure === undefined ? outcome : { ok: false, error: tx.failure })
      }
      this.#stray = () => finish({ ok: false, error: strayed() })
      const ignoreLate = (tell: () => void): void => {
        if (!tx.ended) tell()
      }
      try {
        body(tx).then(
          (value) => ignoreLate(() => finish({ ok: true, value })),
          (error: unknown) => ignoreLate(() => finish({ ok: false, error })),
        )
      } catch (error) {
        finish({ ok: false, error })
      }
    })
  }
}
