/**
 * The only writer: a queue of bodies, and one SQLite transaction for all that were queued in one turn.
 *
 * 1. Bodies run one after the other, in the order in which they came, each in a savepoint when there are several.
 * 2. A body that throws is rolled back alone, and its caller gets its own error.
 * 3. What SQLite rolled back as a whole (a full disk) is refused as a whole.
 * 4. Nothing settles before the flush that makes it durable; see `flush-queue.ts`. Keeps I5.
 */
import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '@pilotflame/core'
import { BodyRunner, type Outcome } from './body.ts'
import type { FlushQueue, Waiter } from './flush-queue.ts'
import { Gathering, type Journal, type JournalEntry, type TableNames } from './journal.ts'
import type { RowCaches } from './row-cache.ts'
import { SqliteTx } from './sqlite-tx.ts'
import type { Statements } from './statements.ts'
import type { TransactionOptions, Tx } from './store.ts'
import { toStoreError } from './store-errors.ts'

/** At 100 µs each, more bodies in one transaction would hold the thread longer than a slow disk does. */
const BODIES_MAX = 256

interface Queued {
  readonly journal: TransactionOptions['journal']
  /** Runs the body; what it returns settles its caller later. */
  run(runner: BodyRunner, tx: SqliteTx): Promise<Ran>
  refuse(error: unknown): void
}

interface Ran extends Waiter {
  readonly ok: boolean
  /** It was not ok, and does not run again. */
  failed(): void
  /** What it wrote is committed. */
  committed(): void
}

/** A body whose writes are one record of the journal. */
interface WrittenAhead {
  readonly entry: Queued
  readonly ran: Ran
  readonly gathering: Gathering
  readonly written: JournalEntry
}

/** When what nobody waits for is done. */
export interface Turns {
  /** Calls back behind what is under way. */
  readonly soon: (callback: () => void) => void
  /** Calls back when the path has probably been quiet for a moment. */
  readonly later: (callback: () => void) => void
}

/** So many records may be in the tables, and these not on disk, while bodies keep coming: a restart after a power cut repeats them. */
const UNFLUSHED_MAX = 128

export interface GroupCommitParts {
  readonly db: DatabaseSync
  readonly statements: Statements
  readonly journal: Journal
  readonly tables: TableNames
  readonly cache: RowCaches
  readonly turns: Turns
  readonly flushes: FlushQueue
  /** Named in sentences. */
  readonly path: string
  /** Called after each commit of tables, with the number of its bodies. */
  readonly onCommit?: (bodies: number) => void
}

export class GroupCommit {
  readonly #parts: GroupCommitParts
  readonly #runner = new BodyRunner()
  #queue: Queued[] = []
  /** Settles when the transaction that is open now has ended; null between transactions. */
  #open: Promise<void> | null = null
  #scheduled = false
  #paused = false
  #closed = false
  /** In which turns the tables will be brought up to date. */
  readonly #applying = new Set<keyof Turns>()
  /** Waits for a quiet moment in which to flush the tables. */
  #flushing = false
  /** The last record that the tables have on disk, or that is on its way there. */
  #flushedId = 0
  commits = 0

  constructor(parts: GroupCommitParts) {
    this.#parts = parts
  }

  submit<T>(body: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(new AppError('shutting_down', 'The server is stopping. Try again when it is back.'))
      this.#queue.push(queued(body, { resolve, reject, path: this.#parts.path, options }))
      this.#schedule()
    })
  }

  /** Calls `look` when no transaction is open, so that it never sees what may be rolled back. */
  async whenQuiet<T>(look: () => Promise<T>): Promise<T> {
    while (this.#open) await this.#open
    return look()
  }

  /** The same, with the tables up to date. */
  whenCurrent<T>(read: () => Promise<T>): Promise<T> {
    return this.whenQuiet(() => {
      this.#applyJournal()
      return read()
    })
  }

  /** Brings the tables up to date before somebody looks. */
  #applyJournal(): void {
    if (!this.#open && !this.#parts.flushes.failed) this.#bringUpToDate()
  }

  /** In a transaction of its own. Nobody waits for its flush: the journal is durable. */
  #bringUpToDate(): void {
    const { journal, statements } = this.#parts
    if (journal.isEmpty) return
    try {
      statements.run('begin immediate')
      journal.apply()
      statements.run('commit')
    } catch (error) {
      if (this.#parts.db.isTransaction) statements.run('rollback')
      throw toStoreError(error, this.#parts.path)
    }
    this.#parts.onCommit?.(Math.max(journal.behind, 1))
    journal.applied()
    this.#flushTablesInTime()
  }

  /** A failure shows at the next body or read, which tries again. */
  #applyIn(turn: keyof Turns): void {
    if (this.#applying.has(turn)) return
    this.#applying.add(turn)
    this.#parts.turns[turn](() => {
      this.#applying.delete(turn)
      if (this.#closed || this.#paused) return
      try {
        this.#applyJournal()
      } catch {}
    })
  }

  /** When no further record has come for a moment, because that one would have to share the disk; or when it is too many. */
  #flushTablesInTime(): void {
    const { journal, flushes, turns } = this.#parts
    const id = journal.appliedId
    if (this.#closed || id === this.#flushedId) return
    if (id - this.#flushedId >= UNFLUSHED_MAX) return flushes.flushLog(this.#tablesFlushed())
    if (this.#flushing) return
    this.#flushing = true
    turns.later(() => {
      this.#flushing = false
      // Where records wait for their tables, bringing these up to date begins it anew.
      if (this.#closed || !journal.isEmpty || journal.appliedId === this.#flushedId) return
      if (journal.appliedId === id) flushes.flushLog(this.#tablesFlushed())
      else this.#flushTablesInTime()
    })
  }

  /** A flush of the log begins: what gives back, when it has ended, the room of the records that the tables have now. */
  #tablesFlushed(): () => void {
    const { journal } = this.#parts
    const id = journal.appliedId
    this.#flushedId = id
    return () => journal.release(id)
  }

  /** Keeps bodies in the queue until `resume`; the one transaction that is open ends first. */
  async pause(): Promise<void> {
    this.#paused = true
    while (this.#open) await this.#open
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
    if (!this.#parts.journal.isEmpty) this.#applyIn('later')
  }

  /** Refuses new bodies, and settles when those that were taken have ended. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#queue.length > 0 || this.#open) {
      if (this.#open) await this.#open
      else await new Promise((resolve) => setImmediate(resolve))
    }
    await this.#parts.flushes.idle()
    try {
      this.#applyJournal()
    } catch {} // a full disk: it is durable, and the next start brings the tables up to date
  }

  #schedule(): void {
    if (this.#scheduled || this.#open || this.#paused || this.#queue.length === 0) return
    this.#scheduled = true
    queueMicrotask(() => this.#drain())
  }

  #drain(): void {
    if (!this.#paused && this.#queue.length > 0) this.#begin(this.#queue.splice(0, BODIES_MAX))
    this.#scheduled = false // not before: the first body may submit another one at once
  }

  #begin(group: readonly Queued[]): void {
    this.#runner.start()
    this.#open = this.#runGroup(group).finally(() => {
      this.#parts.cache.ended()
      this.#runner.stop()
      this.#open = null
      // A long queue lets the event loop turn between two groups.
      if (this.#queue.length >= BODIES_MAX) setImmediate(() => this.#schedule())
      else this.#schedule()
    })
  }

  async #runGroup(group: readonly Queued[]): Promise<void> {
    const [first] = group
    if (group.length === 1 && first?.journal) return this.#runAlone(first)
    const { statements, flushes, journal } = this.#parts
    const ran: Ran[] = []
    let wrote = false
    let reached = group.length
    try {
      if (flushes.failed) throw flushes.failed
      statements.run('begin immediate')
      journal.apply()
      for (const [index, entry] of group.entries()) {
        reached = index + 1
        const tx = new SqliteTx(statements, this.#parts.cache)
        const end = await this.#runOne(entry, tx, group.length > 1)
        ran.push(end)
        if (end.ok && tx.wrote) wrote = true
      }
      statements.run('commit')
      journal.applied()
    } catch (error) {
      this.#refuseGroup(group.slice(0, reached), error)
      this.#queue.unshift(...group.slice(reached))
      return
    }
    this.#committed(ran, wrote, group.length)
  }

  /** One small body: it reads as it goes, because nobody else writes, and what it writes is one record of the journal. */
  async #runAlone(entry: Queued): Promise<void> {
    const { statements, flushes, tables, cache } = this.#parts
    try {
      if (flushes.failed) throw flushes.failed
      this.#bringUpToDate()
      const gathering = new Gathering(statements, tables)
      const tx = new SqliteTx(gathering, cache)
      const ran = await entry.run(this.#runner, tx)
      const wrote = ran.ok && tx.wrote
      const written = wrote ? this.#write(gathering) : undefined
      if (written) return this.#settleInTime({ entry, ran, gathering, written })
      if (gathering.isVoid()) return this.#runAgain(entry)
      if (!ran.ok) ran.failed()
      if (wrote) gathering.execute()
      if (gathering.executed) this.#endExecuted(tx, wrote)
      this.#committed([ran], wrote, 1)
    } catch (error) {
      this.#refuseGroup([entry], error)
    }
  }

  /** As one record; undefined where it was executed instead, or has to be. */
  #write(gathering: Gathering): JournalEntry | undefined {
    const { row } = gathering
    // A record counts on top of what is on disk alone.
    if (row === null || this.#parts.flushes.logIsBehind) return undefined
    return this.#parts.journal.write(row)
  }

  /**
   * While the disk writes the record, what the body took for granted is looked up: where that was wrong, it never was,
   * and the body runs again before any other.
   */
  #settleInTime({ entry, ran, gathering, written }: WrittenAhead): void {
    const { flushes, journal } = this.#parts
    let holds: boolean | undefined
    const look = (): boolean => {
      if (holds !== undefined) return holds
      holds = false
      try {
        holds = !gathering.isVoid()
      } catch (error) {
        flushes.fail(error instanceof Error ? error : new Error(String(error))) // whether its record counts is unknown, and so is what builds on it
        return holds
      }
      if (holds) {
        journal.holds(written)
        ran.committed()
      } else {
        journal.forget(written)
        this.#runAgain(entry)
      }
      return holds
    }
    const settle = (): void => {
      if (!look()) return
      ran.settle()
      this.#applyIn(entry.journal === 'often' ? 'soon' : 'later')
    }
    this.commits += 1
    flushes.add([{ settle, refuse: ran.refuse }], 'journal')
    look()
  }

  #runAgain(entry: Queued): void {
    this.#queue.unshift({ ...entry, journal: undefined })
    this.#schedule()
  }

  /** The body was executed at once after all, in a transaction that it began. */
  #endExecuted(tx: SqliteTx, wrote: boolean): void {
    const { db, statements, journal } = this.#parts
    if (!db.isTransaction) throw tx.failure ?? new Error('SQLite ended the transaction')
    if (!wrote) return void statements.run('rollback')
    journal.apply() // a record of its own that could not be written is over with this
    statements.run('commit')
    journal.applied()
  }

  #committed(ran: readonly Ran[], wrote: boolean, bodies: number): void {
    if (wrote) this.commits += 1
    for (const { ok, committed } of ran) if (ok) committed()
    if (wrote) this.#parts.flushes.add(ran, 'log', this.#tablesFlushed())
    else this.#parts.flushes.add(ran, null)
    this.#flushTablesInTime()
    if (wrote) this.#parts.onCommit?.(bodies)
  }

  async #runOne(entry: Queued, tx: SqliteTx, several: boolean): Promise<Ran> {
    const { statements, db } = this.#parts
    if (several) statements.run('savepoint body')
    const ran = await entry.run(this.#runner, tx)
    if (!db.isTransaction) throw tx.failure ?? new Error('SQLite ended the transaction')
    if (!ran.ok) {
      ran.failed()
      statements.run(several ? 'rollback to body' : 'rollback')
    }
    if (several) statements.run('release body')
    else if (!ran.ok) {
      statements.run('begin immediate')
      this.#parts.journal.apply() // it was rolled back with the body
    }
    return ran
  }

  #refuseGroup(group: readonly Queued[], cause: unknown): void {
    const { db, path } = this.#parts
    if (db.isTransaction) db.exec('rollback')
    const error = toStoreError(cause, path)
    for (const entry of group) entry.refuse(error)
  }
}

interface Caller<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
  readonly path: string
  readonly options: TransactionOptions
}

function queued<T>(body: (tx: Tx) => Promise<T>, { resolve, reject, path, options }: Caller<T>): Queued {
  const settle = (outcome: Outcome<T>): void => {
    if (!outcome.ok) return reject(toStoreError(outcome.error, path))
    try {
      options.durable?.()
    } catch (error) {
      return reject(error)
    }
    resolve(outcome.value)
  }
  const failed = (): void => options.failed?.()
  const refuse = (error: unknown): void => {
    failed()
    reject(error)
  }
  const waiter = (outcome: Outcome<T>): Ran => ({
    ok: outcome.ok,
    failed,
    committed: () => options.committed?.(),
    settle: () => settle(outcome),
    refuse,
  })
  return { journal: options.journal, run: async (runner, tx) => waiter(await runner.run(body, tx)), refuse }
}
