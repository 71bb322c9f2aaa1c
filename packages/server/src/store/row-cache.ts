/**
 * Rows as they were read last, of those that are asked for all the time and change seldom. This process is the only
 * writer, so the cache is exact: whoever writes a row takes it out, and until that transaction has ended, one way or the
 * other, everybody reads it from the database.
 */
import type { Automation, Deployment, FlowRun } from '@pilotflame/core'

export class RowCache<Row> {
  readonly #entriesMax: number
  readonly #rows = new Map<string, Row>()
  /** Keys that are written now. */
  readonly #written = new Set<string>()
  #allWritten = false

  /** With more than `entriesMax` rows it begins anew. */
  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  /** The row that is kept under `key`, else what `read` finds; that is kept when `isKept` says so. */
  find<T extends Row>(key: string, read: () => T | undefined, isKept: (row: T) => boolean = () => true): T | undefined {
    if (this.#allWritten || this.#written.has(key)) return read()
    const known = this.#rows.get(key)
    if (known) return known as T
    const row = read()
    if (row && isKept(row)) {
      if (this.#rows.size >= this.#entriesMax) this.#rows.clear()
      this.#rows.set(key, row)
    }
    return row
  }

  /** This row is written. */
  written(key: string): void {
    this.#rows.delete(key)
    this.#written.add(key)
  }

  /** Any of them may be written. */
  anyWritten(): void {
    this.#rows.clear()
    this.#allWritten = true
  }

  /** The transaction has ended. */
  ended(): void {
    if (this.#written.size > 0) this.#written.clear()
    this.#allWritten = false
  }
}

/** What a store keeps of its rows. */
export class RowCaches {
  /** Every event asks for some of them. */
  readonly definitions = new RowCache<Automation | Deployment>(10_000)
  /** Every batch of an executor asks for its run, whose row changes a few times in all. */
  readonly runs = new RowCache<FlowRun>(256)

  ended(): void {
    this.definitions.ended()
    this.runs.ended()
  }
}
