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
import { SqliteTx } from './sqlite-tx.ts'
import type { Statements } from './statements.ts'
import type { Tx } from './store.ts'
import { toStoreError } from './store-errors.ts'

/** At 100 µs each, more bodies in one transaction would hold the thread longer than a slow disk does. */
const BODIES_MAX = 256

interface Queued {
  /** Runs the body; what it returns settles its caller later. */
  run(runner: BodyRunner, tx: SqliteTx): Promise<Ran>
  refuse(error: unknown): void
}

interface Ran extends Waiter {
  readonly ok: boolean
}

export interface GroupCommitParts {
  readonly db: DatabaseSync
  readonly statements: Statements
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
  commits = 0

  constructor(parts: GroupCommitParts) {
    this.#parts = parts
  }

  submit<T>(body: (tx: Tx) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(new AppError('shutting_down', 'The server is stopping. Try again when it is back.'))
      this.#queue.push(queued(body, resolve, reject, this.#parts.path))
      this.#schedule()
    })
  }

  /** Calls `read` when no transaction is open, so that it never sees what may be rolled back. */
  async whenQuiet<T>(read: () => Promise<T>): Promise<T> {
    while (this.#open) await this.#open
    return read()
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
    while (this.#queue.length > 0 || this.#open) {
      if (this.#open) await this.#open
      else await new Promise((resolve) => setImmediate(resolve))
    }
    await this.#parts.flushes.idle()
  }

  #schedule(): void {
    if (this.#scheduled || this.#open || this.#paused || this.#queue.length === 0) return
    this.#scheduled = true
    queueMicrotask(() => this.#drain())
  }

  #drain(): void {
    this.#scheduled = false
    if (this.#paused || this.#queue.length === 0) return
    const group = this.#queue.splice(0, BODIES_MAX)
    this.#runner.start()
    this.#open = this.#runGroup(group).finally(() => {
      this.#runner.stop()
      this.#open = null
      // A long queue lets the event loop turn between two groups.
      if (this.#queue.length >= BODIES_MAX) setImmediate(() => this.#schedule())
      else this.#schedule()
    })
  }

  async #runGroup(group: readonly Queued[]): Promise<void> {
    const { statements, flushes } = this.#parts
    const ran: Ran[] = []
    let wrote = false
    let reached = group.length
    try {
      if (flushes.failed) throw flushes.failed
      statements.run('begin immediate')
      for (const [index, entry] of group.entries()) {
        reached = index + 1
        const tx = new SqliteTx(statements)
        const end = await this.#runOne(entry, tx, group.length > 1)
        ran.push(end)
        if (end.ok && tx.wrote) wrote = true
      }
      statements.run('commit')
    } catch (error) {
      this.#refuseGroup(group.slice(0, reached), error)
      this.#queue.unshift(...group.slice(reached))
      return
    }
    if (wrote) this.commits += 1
    flushes.add(ran, wrote)
    if (wrote) this.#parts.onCommit?.(group.length)
  }

  async #runOne(entry: Queued, tx: SqliteTx, several: boolean): Promise<Ran> {
    const { statements, db } = this.#parts
    if (several) statements.run('savepoint body')
    const ran = await entry.run(this.#runner, tx)
    if (!db.isTransaction) throw tx.failure ?? new Error('SQLite ended the transaction')
    if (!ran.ok) statements.run(several ? 'rollback to body' : 'rollback')
    if (several) statements.run('release body')
    else if (!ran.ok) statements.run('begin immediate')
    return ran
  }

  #refuseGroup(group: readonly Queued[], cause: unknown): void {
    const { db, path } = this.#parts
    if (db.isTransaction) db.exec('rollback')
    const error = toStoreError(cause, path)
    for (const entry of group) entry.refuse(error)
  }
}

function queued<T>(
  body: (tx: Tx) => Promise<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
  path: string,
): Queued {
  const waiter = (outcome: Outcome<T>): Ran => ({
    ok: outcome.ok,
    settle: () => (outcome.ok ? resolve(outcome.value) : reject(toStoreError(outcome.error, path))),
    refuse: reject,
  })
  return { run: async (runner, tx) => waiter(await runner.run(body, tx)), refuse: reject }
}
