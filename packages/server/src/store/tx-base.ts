/**
 * What every part of a transaction goes through: reads and writes as statements, refused once the body is over. A write
 * that fails makes the whole transaction fail.
 */
import type { SQLInputValue } from 'node:sqlite'
import { AppError } from '@pilotflame/core'
import type { Row, SqlRunner } from './statements.ts'

export class TxBase {
  readonly #statements: SqlRunner
  #ended = false
  /** True when something was written. */
  wrote = false
  /** The first write that failed. */
  failure: unknown

  constructor(statements: SqlRunner) {
    this.#statements = statements
  }

  /** From now on every call is refused: its body is over. */
  end(): void {
    this.#ended = true
  }

  get ended(): boolean {
    return this.#ended
  }

  protected open(): SqlRunner {
    if (!this.#ended) return this.#statements
    throw new AppError(
      'internal',
      'This transaction is over. Await every call of `tx` inside its body, and keep no `tx` for later.',
    )
  }

  protected find<T>(to: (row: Row) => T, sql: string, ...values: SQLInputValue[]): T | undefined {
    const row = this.open().get(sql, ...values)
    return row === undefined ? undefined : to(row)
  }

  protected all<T>(to: (row: Row) => T, sql: string, ...values: SQLInputValue[]): T[] {
    return this.open()
      .all(sql, ...values)
      .map(to)
  }

  protected write(sql: string, ...values: SQLInputValue[]): void {
    this.writing((statements) => statements.run(sql, ...values))
  }

  protected writing<T>(write: (statements: SqlRunner) => T): T {
    const statements = this.open()
    this.wrote = true
    try {
      return write(statements)
    } catch (error) {
      this.failure ??= error
      throw error
    }
  }
}
