/**
 * Automations and deployments as they were read last: every event asks for them, and they hardly ever change. This
 * process is the only writer, so the cache is exact: whoever writes one empties it, and until that transaction has
 * ended, one way or the other, everybody reads the database.
 */
import type { Automation, Deployment } from '@pilotflame/core'

/** Entries kept of each; beyond, the cache begins anew. */
const ENTRIES_MAX = 10_000

export class RowCache {
  readonly #rows = new Map<string, Automation | Deployment>()
  #writing = false

  /** The row that is kept under `key`, else what `read` finds. */
  find<T extends Automation | Deployment>(key: string, read: () => T | undefined): T | undefined {
    if (this.#writing) return read()
    const known = this.#rows.get(key)
    if (known) return known as T
    const row = read()
    if (row && this.#rows.size >= ENTRIES_MAX) this.#rows.clear()
    if (row) this.#rows.set(key, row)
    return row
  }

  /** Something is written that may be kept here. */
  written(): void {
    this.#writing = true
    this.#rows.clear()
  }

  /** The transaction has ended. */
  ended(): void {
    this.#writing = false
  }
}
