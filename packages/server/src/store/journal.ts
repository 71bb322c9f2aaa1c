/**
 * Writes first, tables later: what shortens the path between an event and its run, and between two steps of a run.
 *
 * A body that asks for it (`{ journal: … }`) has its writes gathered instead of executed, and written as ONE record
 * of the journal's file. Its flush makes the body durable; the tables follow when the thread is free, before anything
 * reads them: before the next body, before every list and every point read, and at the next start after a crash. So
 * nobody ever sees tables that lack what was acknowledged. How far the tables have come stands in the table `journal`.
 *
 * A record is made on top of tables that are durable or in the journal: it is written only while every body that was
 * executed directly is on disk. So after a crash the records behind the tables can be executed on them, one by one.
 *
 * A body that reads a table which it has written to is executed at once after all, in a transaction that begins then:
 * nothing is missing for it. Its reads before that need none, because this process is the only writer.
 *
 * Whether an event or a task run is new is looked up while the disk writes the record, because hardly any comes twice:
 * the body goes on as if it were, and its record says what it took for granted. Where that was wrong, nobody hears of it,
 * and the body runs again without the journal; after a crash, such a record is passed over.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { JournalRecord, JournalRing } from './journal-ring.ts'
import { type Row, type SqlRunner, Statements } from './statements.ts'

/** A statement and its values, as JSON can say them. */
export type Operation = readonly [sql: string, ...values: (string | number | null)[]]

/** What a record says. */
interface JournalRow {
  readonly operations: readonly Operation[]
  /** Statements that have to find nothing, else all of it is void. */
  readonly unless: readonly Operation[]
}

/** A record whose operations are still to be executed; nothing in `unless` means that it was looked at. */
export interface JournalEntry extends JournalRow {
  readonly id: number
}

const isVoid = ({ unless }: JournalRow, statements: SqlRunner): boolean =>
  unless.some(([sql, ...values]) => !statements.absent(sql, ...values))

/** A longer one is as well written directly. */
const RECORD_CHARS_MAX = 16_000
/** Of the same as UTF-8. */
export const RECORD_BYTES_MAX = 3 * RECORD_CHARS_MAX

const APPLIED = 'update journal set applied = ?'

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

/** What comes out of the record as it went in, and what a column of the schema takes: none of them is for fractions. */
const isPlain = (value: SQLInputValue): boolean =>
  value === null || typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value))

export class Journal {
  readonly #statements: Statements
  readonly #ring: JournalRing
  readonly #onLost: (message: string) => void
  #pending: JournalEntry[] = []
  /** The last record that was written. */
  #last = 0
  #applied = 0

  constructor(statements: Statements, ring: JournalRing, onLost: (message: string) => void) {
    this.#statements = statements
    this.#ring = ring
    this.#onLost = onLost
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  /** How many bodies the tables lag behind. */
  get behind(): number {
    return this.#pending.reduce((sum, { operations }) => sum + (operations.length > 0 ? 1 : 0), 0)
  }

  /** The last record that the tables have. */
  get appliedId(): number {
    return this.#applied
  }

  /** Writes what was gathered as one record; undefined when that is too long, or there is no room for it. */
  write(row: JournalRow): JournalEntry | undefined {
    const text = JSON.stringify(row)
    const id = this.#last + 1
    const written = text.length <= RECORD_CHARS_MAX ? this.#ring.append(id, text) : 'no room'
    if (written === 'no room') return undefined
    this.#last = id
    const entry = { id, operations: row.operations, unless: [] }
    if (written === 'written') return entry
    this.forget(entry) // perhaps it is there all the same
    return undefined
  }

  /** The record was void: all that the tables get of it is that it is over. */
  forget({ id }: JournalEntry): void {
    this.#pending.push({ id, operations: [], unless: [] })
  }

  /** It holds: from now on the tables lag behind it. */
  holds(entry: JournalEntry): void {
    this.#pending.push(entry)
  }

  /** Brings the tables up to date, inside the open transaction. `applied` must be called when that is committed. */
  apply(): void {
    for (const entry of this.#pending) applyOne(this.#statements, entry, this.#onLost)
    const last = this.#pending.at(-1)
    if (last) this.#statements.run(APPLIED, last.id)
  }

  applied(): void {
    this.#applied = this.#pending.at(-1)?.id ?? this.#applied
    this.#pending = []
  }

  /** The tables are on disk up to this record. */
  release(id: number): void {
    this.#ring.release(id)
  }
}

function applyOne(statements: Statements, entry: JournalEntry, onLost: (message: string) => void): void {
  if (isVoid(entry, statements)) return
  const { id, operations } = entry
  statements.run('savepoint entry')
  try {
    for (const [sql, ...values] of operations) statements.run(sql, ...values)
  } catch (error) {
    if (!isConstraint(error)) throw error // a full disk: it stays where it is, and is applied later
    statements.run('rollback to entry')
    onLost(`Record ${id} of the journal contradicts what is stored, and was dropped: ${String(error)}`)
  }
  statements.run('release entry')
}

const SQLITE_CONSTRAINT = 19

/** The row's own fault: another try would end the same way. */
const isConstraint = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_CONSTRAINT

/** What was durable when the last program ended, and not yet in the tables. Before migrations: it was written for the schema as it is. */
export function finishJournal(db: DatabaseSync, ring: JournalRing, onLost: (message: string) => void): void {
  const statements = new Statements(db)
  const columns = statements.all("select name from pragma_table_info('journal')").map(({ name }) => name)
  if (columns.length === 0) return
  const isTable = columns.includes('operations')
  const left = isTable ? rowsOfTable(statements) : recordsOf(statements, ring)
  if (left.length === 0) return
  db.exec('begin immediate')
  for (const entry of left) applyOne(statements, entry, onLost)
  if (isTable) statements.run('delete from journal')
  else statements.run(APPLIED, left.at(-1)?.id ?? 0)
  db.exec('commit')
}

const parsed = ({ id, text }: JournalRecord): JournalEntry => ({ id, ...(JSON.parse(text) as JournalRow) })

function recordsOf(statements: Statements, ring: JournalRing): readonly JournalEntry[] {
  const { life, applied } = statements.get('select life, applied from journal') ?? {}
  return ring.readLeft(Number(life), Number(applied)).map(parsed)
}

/** Schemas 1 to 3 had the journal in a table; the first of their programs wrote the operations alone. */
function rowsOfTable(statements: Statements): readonly JournalEntry[] {
  return statements.all('select id, operations from journal order by id').map(({ id, operations }) => {
    const row = JSON.parse(String(operations)) as JournalRow | readonly Operation[]
    return { id: Number(id), ...('unless' in row ? row : { operations: row, unless: [] }) }
  })
}

/** After migrations, while a commit still waits for the disk: what the file had is gone, and from here on the records of a new life count. */
export function beginJournal(db: DatabaseSync, ring: JournalRing): void {
  const statements = new Statements(db)
  ring.clear()
  // By chance: the file of another database, or of one that was put back, is none of this life.
  statements.run('update journal set life = abs(random() % 4294967296), applied = 0')
  ring.begin(Number(statements.get('select life from journal')?.life))
}
