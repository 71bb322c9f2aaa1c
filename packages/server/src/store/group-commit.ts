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
import type { RowCache } from './row-cache.ts'
import { SqliteTx } from './sqlite-tx.ts'
import type { Statements } from './statements.ts'
import type { TransactionOptions, Tx } from './store.ts'
import { toStoreError } from './store-errors.ts'

/** At 100 µs each, more bodies in one transaction would hold the thread longer than a slow disk does. */
const BODIES_MAX = 256

interface Queued {
  readonly journal: boolean
  /** Runs the body; what it returns settles its caller later. */
  run(runner: BodyRunner, tx: SqliteTx): Promise<Ran>
  refuse(error: unknown): void
}

interface Ran extends Waiter {
  readonly ok: boolean
  /** What it wrote is committed. */
  committed(): void
}

/** A body whose writes are one row of the journal. */
interface WrittenAhead {
  readonly entry: Queued
  readonly ran: Ran
  readonly gathering: Gathering
  readonly written: JournalEntry
}

export interface GroupCommitParts {
  readonly db: DatabaseSync
  readonly statements: Statements
  readonly journal: Journal
  readonly tables: TableNames
  readonly cache: RowCache
  /** Calls back in a moment, when what is under way has probably been answered. */
  readonly later: (callback: () => void) => void
  readonly flushes: FlushQueue
  /** Named in sentences. */
  readonly path: string
  /** Called after each commit that wrote, with the number of its bodies. */
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
  #applying = false
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
    journal.applied()
    this.#parts.onCommit?.(1)
  }

  /**
   * When nothing comes for a moment; a failure shows at the next body or read, which tries again. Its pages are
   * flushed then, too: the next body would have to wait for them otherwise.
   */
  #applyLater(): void {
    if (this.#applying) return
    this.#applying = true
    this.#parts.later(() => {
      this.#applying = false
      if (this.#closed || this.#open || this.#parts.journal.isEmpty) return
      try {
        this.#applyJournal()
      } catch {
        return
      }
      this.#parts.flushes.add([], true)
    })
  }

  /** Keeps bodies in the queue until `resume`; the one transaction that is open ends first. */
  async pause(): Promise<void> {
    this.#paused = true
    while (this.#open) await this.#open
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  /** Refuses new bodies, and settles when those that were taken have ended. */
  async close(): Promise<void> {
    this.#closed = true
    do {
      while (this.#queue.length > 0 || this.#open) {
        if (this.#open) await this.#open
        else await new Promise((resolve) => setImmediate(resolve))
      }
      await this.#parts.flushes.idle()
    } while (this.#queue.length > 0 || this.#open) // a flush may end with a body that has to run again
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

  /** One small body: it reads as it goes, because nobody else writes, and what it writes is one row of the journal. */
  async #runAlone(entry: Queued): Promise<void> {
    const { statements, flushes, journal, tables, cache } = this.#parts
    try {
      if (flushes.failed) throw flushes.failed
      this.#bringUpToDate()
      const gathering = new Gathering(statements, tables)
      const tx = new SqliteTx(gathering, cache)
      const ran = await entry.run(this.#runner, tx)
      const wrote = ran.ok && tx.wrote
      const written = wrote ? journal.write(gathering) : undefined
      if (gathering.executed) this.#endExecuted(tx, wrote)
      else if (!written && gathering.isVoid()) return this.#runAgain(entry)
      if (written) this.#settleInTime({ entry, ran, gathering, written })
      else this.#committed([ran], wrote, 1)
    } catch (error) {
      this.#refuseGroup([entry], error)
    }
  }

  /** While the disk writes the row, what the body took for granted is looked up: where that was wrong, the row never was. */
  #settleInTime({ entry, ran, gathering, written }: WrittenAhead): void {
    const { flushes, journal, onCommit } = this.#parts
    let holds: boolean | undefined
    const look = (): boolean => {
      if (holds !== undefined) return holds
      holds = !gathering.isVoid()
      if (!holds) journal.forget(written)
      else {
        journal.committed(written)
        ran.committed()
      }
      return holds
    }
    const settle = (): void => {
      try {
        if (!look()) return this.#runAgain(entry)
      } catch (error) {
        return entry.refuse(toStoreError(error, this.#parts.path))
      }
      ran.settle()
      this.#applyLater()
    }
    this.commits += 1
    flushes.add([{ settle, refuse: ran.refuse }], true)
    look()
    onCommit?.(1)
  }

  #runAgain(entry: Queued): void {
    this.#queue.unshift({ ...entry, journal: false })
    this.#schedule()
  }

  /** The body was executed at once after all, in a transaction that it began. */
  #endExecuted(tx: SqliteTx, wrote: boolean): void {
    const { db, statements } = this.#parts
    if (!db.isTransaction) throw tx.failure ?? new Error('SQLite ended the transaction')
    statements.run(wrote ? 'commit' : 'rollback')
  }

  #committed(ran: readonly Ran[], wrote: boolean, bodies: number): void {
    if (wrote) this.commits += 1
    for (const { ok, committed } of ran) if (ok) committed()
    this.#parts.flushes.add(ran, wrote)
    if (wrote) this.#parts.onCommit?.(bodies)
  }

  async #runOne(entry: Queued, tx: SqliteTx, several: boolean): Promise<Ran> {
    const { statements, db } = this.#parts
    if (several) statements.run('savepoint body')
    const ran = await entry.run(this.#runner, tx)
    if (!db.isTransaction) throw tx.failure ?? new Error('SQLite ended the transaction')
    if (!ran.ok) statements.run(several ? 'rollback to body' : 'rollback')
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
  const waiter = (outcome: Outcome<T>): Ran => ({
    ok: outcome.ok,
    committed: () => options.committed?.(),
    settle: () => settle(outcome),
    refuse: reject,
  })
  return { journal: options.journal === true, run: async (runner, tx) => waiter(await runner.run(body, tx)), refuse: reject }
}
