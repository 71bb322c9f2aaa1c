/** Prepared statements of one connection, kept by their text. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'

export type Row = Record<string, SQLOutputValue>

/** Filters have many shapes, and each is a statement. */
const STATEMENTS_MAX = 1_000

/** What a body's reads and writes go through. */
export interface SqlRunner {
  get(sql: string, ...values: SQLInputValue[]): Row | undefined
  all(sql: string, ...values: SQLInputValue[]): Row[]
  /** True when the statement finds no row. A body of the journal may be told so before anybody has looked; see there. */
  absent(sql: string, ...values: SQLInputValue[]): boolean
  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number
}

/** `insert … on conflict (keys) do update`: all columns but the keys are overwritten. */
export function upsert(table: string, keys: readonly string[], columns: readonly string[]): string {
  const all = [...keys, ...columns]
  const values = all.map(() => '?').join(', ')
  const updates = columns.map((column) => `${column} = excluded.${column}`).join(', ')
  return `insert into ${table} (${all.join(', ')}) values (${values}) on conflict (${keys.join(', ')}) do update set ${updates}`
}

export class Statements implements SqlRunner {
  readonly #db: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql)
    if (known) return known
    const made = this.#db.prepare(sql)
    if (this.#prepared.size >= STATEMENTS_MAX) this.#prepared.clear()
    this.#prepared.set(sql, made)
    return made
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values)
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values)
  }

  /** Row by row, where not all may be wanted. Nothing else may be done with the statement meanwhile. */
  each(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    return this.#prepare(sql).iterate(...values)
  }

  absent(sql: string, ...values: SQLInputValue[]): boolean {
    return this.#prepare(sql).get(...values) === undefined
  }

  /** How many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes)
  }

  /** The row's id. Where nothing else is open, it is committed when this returns. */
  insert(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).lastInsertRowid)
  }
}
