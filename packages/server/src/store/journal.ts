/**
 * Writes first, tables later: what shortens the path between an event and its run.
 *
 * A body that asks for it (`{ journal: true }`) has its writes gathered instead of executed, and written as ONE row of
 * the table `journal`. That row is committed and flushed, which makes the body durable; the tables follow when the
 * thread is free, before anything reads them: before the next body, before every list and every point read, and at
 * the next start after a crash. So nobody ever sees tables that lack what was acknowledged.
 *
 * A body that reads a table which it has written to is executed at once after all, in a transaction that begins then:
 * nothing is missing for it. Its reads before that need none, because this process is the only writer.
 *
 * Whether an event is new is looked up while the disk writes the row, because hardly any comes twice: the body goes on as
 * if it were, and its row says what it took for granted. Where that was wrong, the row is deleted before anybody has
 * heard of it, and the body runs again without the journal; after a crash, such a row is passed over.
 */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { Row, SqlRunner, Statements } from './statements.ts'

/** A statement and its values, as JSON can say them. */
export type Operation = readonly [sql: string, ...values: (string | number | null)[]]

/** What a row of `journal` says. */
interface JournalRow {
  readonly operations: readonly Operation[]
  /** Statements that have to find nothing, else all of it is void. */
  readonly unless: readonly Operation[]
}

/** A row whose operations are still to be executed; nothing in `unless` means that it was looked at. */
export interface JournalEntry extends JournalRow {
  readonly id: number
}

const isVoid = ({ unless }: JournalRow, statements: SqlRunner): boolean =>
  unless.some(([sql, ...values]) => !statements.absent(sql, ...values))

/** A longer row would take pages of its own, and save nothing. */
const ROW_CHARS_MAX = 16_000

/** The names of tables in a statement; each statement is looked at once. */
export class TableNames {
  readonly #known = new Map<string, readonly string[]>()
  readonly #pattern: RegExp

  constructor(tables: readonly string[]) {
    this.#pattern = new RegExp(`\\b(?:${tables.join('|')})\\b`, 'g')
  }

  in(sql: string): readonly string[] {
    let names = this.#known.get(sql)
    if (!names) {
      names = [...new Set(sql.match(this.#pattern) ?? [])]
      this.#known.set(sql, names)
    }
    return names
  }
}

/** Gathers the writes of one body, until it reads what it has written. */
export class Gathering implements SqlRunner {
  readonly #statements: Statements
  readonly #tables: TableNames
  readonly #dirty = new Set<string>()
  readonly #unless: Operation[] = []
  #operations: Operation[] | null = []

  constructor(statements: Statements, tables: TableNames) {
    this.#statements = statements
    this.#tables = tables
  }

  /** True when its writes were executed, in a transaction that is still open. */
  get executed(): boolean {
    return this.#operations === null
  }

  /** What is still to be executed; null when it was. */
  get row(): JournalRow | null {
    return this.#operations && { operations: this.#operations, unless: this.#unless }
  }

  /** True when the body was told that something is not there, and it is: all that it did is void. */
  isVoid(): boolean {
    return this.row !== null && isVoid(this.row, this.#statements)
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    if (!this.#operations || !values.every(isPlain)) {
      this.execute()
      return this.#statements.run(sql, ...values)
    }
    this.#operations.push([sql, ...values] as Operation)
    for (const name of this.#tables.in(sql)) this.#dirty.add(name)
    return 1
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    this.#beforeRead(sql)
    return this.#statements.get(sql, ...values)
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    this.#beforeRead(sql)
    return this.#statements.all(sql, ...values)
  }

  absent(sql: string, ...values: SQLInputValue[]): boolean {
    this.#beforeRead(sql)
    if (!this.#operations || !values.every(isPlain)) return this.#statements.absent(sql, ...values)
    this.#unless.push([sql, ...values] as Operation)
    return true
  }

  #beforeRead(sql: string): void {
    if (this.#dirty.size > 0 && this.#tables.in(sql).some((name) => this.#dirty.has(name))) this.execute()
  }

  /** From here on this is a body like any other. Throws when it is void. */
  execute(): void {
    const operations = this.#operations
    if (!operations) return
    if (this.isVoid()) throw new Error('what this body takes for new is stored already')
    this.#operations = null
    this.#dirty.clear()
    this.#statements.run('begin immediate')
    for (const [sql, ...values] of operations) this.#statements.run(sql, ...values)
  }
}

const isPlain = (value: SQLInputValue): boolean => value === null || typeof value === 'string' || typeof value === 'number'

export class Journal {
  readonly #statements: Statements
  readonly #onLost: (message: string) => void
  #pending: JournalEntry[] = []

  constructor(statements: Statements, onLost: (message: string) => void) {
    this.#statements = statements
    this.#onLost = onLost
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  /** Writes what was gathered as one row, which commits it; undefined when it is void, or was executed instead. */
  write(gathering: Gathering): JournalEntry | undefined {
    const { row } = gathering
    if (row === null || row.operations.length === 0) return undefined
    const text = JSON.stringify(row)
    if (text.length > ROW_CHARS_MAX) {
      if (!gathering.isVoid()) gathering.execute()
      return undefined
    }
    const id = this.#statements.insert('insert into journal (operations) values (?)', text)
    return { id, operations: row.operations, unless: [] }
  }

  /** The row was void: it never was. Nobody waits for this to be durable. */
  forget({ id }: JournalEntry): void {
    this.#statements.run('delete from journal where id = ?', id)
  }

  /** Its row is committed: from now on the tables lag behind it. */
  committed(entry: JournalEntry): void {
    this.#pending.push(entry)
  }

  /** Brings the tables up to date, inside the open transaction. `applied` must be called when that is committed. */
  apply(): void {
    for (const entry of this.#pending) this.#applyOne(entry)
    const last = this.#pending.at(-1)
    if (last) this.#statements.run('delete from journal where id <= ?', last.id)
  }

  applied(): void {
    this.#pending = []
  }

  #applyOne(entry: JournalEntry): void {
    if (isVoid(entry, this.#statements)) return
    const { id, operations } = entry
    this.#statements.run('savepoint entry')
    try {
      for (const [sql, ...values] of operations) this.#statements.run(sql, ...values)
    } catch (error) {
      if (!isConstraint(error)) throw error // a full disk: it stays where it is, and is applied later
      this.#statements.run('rollback to entry')
      this.#onLost(`Entry ${id} of the journal contradicts what is stored, and was dropped: ${String(error)}`)
    }
    this.#statements.run('release entry')
  }

  /** After a crash: what was durable and not yet in the tables. */
  static readLeft(statements: Statements): readonly JournalEntry[] {
    const rows: readonly Record<string, SQLOutputValue>[] = statements.all('select id, operations from journal order by id')
    return rows.map(({ id, operations }) => ({ id: Number(id), ...parseRow(String(operations)) }))
  }
}

/** A row that an earlier version has written is its operations alone. */
function parseRow(text: string): JournalRow {
  const row = JSON.parse(text) as JournalRow | readonly Operation[]
  return 'unless' in row ? row : { operations: row, unless: [] }
}

const isConstraint = (error: unknown): boolean => error instanceof Error && /constraint failed/i.test(error.message)
