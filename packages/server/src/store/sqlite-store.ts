/**
 * The store on SQLite: one connection that writes on this thread, our own flush, and a reader beside it.
 * What is durable, and when, stands in `group-commit.ts` and `flush-queue.ts`.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { BlockFile, Flush } from '../ports.ts'
import { Checkpoints } from './checkpoints.ts'
import { FlushQueue } from './flush-queue.ts'
import { GroupCommit, type Turns } from './group-commit.ts'
import { Journal, RECORD_BYTES_MAX, TableNames } from './journal.ts'
import { JournalRing } from './journal-ring.ts'
import { checkSqlite, openDatabase } from './open-database.ts'
import { createQueries } from './queries.ts'
import { inlineReader, startReaderThread } from './reader.ts'
import { RowCaches } from './row-cache.ts'
import { SqliteTx } from './sqlite-tx.ts'
import { Statements } from './statements.ts'
import type { Reader, Store } from './store.ts'

export interface SqliteOptions {
  /** The database's file, or `:memory:`. */
  readonly path: string
  /** Makes the log durable; see `fdatasyncFlush`. */
  readonly flush: Flush
  /** The journal's file; see `openBlockFile`. */
  readonly journal: BlockFile
  /** Default: the next turn of the event loop for both. */
  readonly turns?: Partial<Turns>
  /** `inline` answers on this thread: for `:memory:`, which no other thread can see, and for tests. */
  readonly reader: 'thread' | 'inline'
  /** The content of a database in memory, as `image()` gave it. */
  readonly image?: Uint8Array
  /** Called when a flush failed: what is on disk is unknown, and the process must end. */
  readonly onFatal?: (error: Error) => void
  /** Called when a checkpoint failed; the next one tries again. */
  readonly onWarning?: (message: string) => void
}

export interface SqliteStore extends Store {
  /** The whole database as it is now; only between transactions. */
  image(): Promise<Uint8Array>
  /** What a flush that begins at this moment makes durable: for a flush in memory, which has to keep it itself. */
  imageOfFlush(): Uint8Array
}

function findsOf(statements: Statements, commits: GroupCommit, cache: RowCaches): Store['find'] {
  const on = <T>(read: (tx: SqliteTx) => Promise<T>): Promise<T> =>
    commits.whenCurrent(() => read(new SqliteTx(statements, cache)))
  return {
    findRun: (id) => on((tx) => tx.findRun(id)),
    findEvent: (id) => on((tx) => tx.findEvent(id)),
    findAutomation: (id) => on((tx) => tx.findAutomation(id)),
    findFlow: (id) => on((tx) => tx.findFlow(id)),
    findFlowByName: (name) => on((tx) => tx.findFlowByName(name)),
    findDeployment: (id) => on((tx) => tx.findDeployment(id)),
    findDeploymentByName: (flowName, name) => on((tx) => tx.findDeploymentByName(flowName, name)),
    findHook: (name) => on((tx) => tx.findHook(name)),
    findTaskRun: (id) => on((tx) => tx.findTaskRun(id)),
    findState: (id) => on((tx) => tx.findState(id)),
    findTaskState: (id) => on((tx) => tx.findTaskState(id)),
    findVariable: (id) => on((tx) => tx.findVariable(id)),
    findVariableByName: (name) => on((tx) => tx.findVariableByName(name)),
    findConfiguration: (name) => on((tx) => tx.findConfiguration(name)),
    findRunInput: (flowRunId, key) => on((tx) => tx.findRunInput(flowRunId, key)),
    findRunInputs: (flowRunId) => on((tx) => tx.findRunInputs(flowRunId)),
    findRunResult: (runId) => on((tx) => tx.findRunResult(runId)),
  }
}

/** Opens the database, made or migrated when it needs to be. Throws one sentence when it cannot. */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
  checkSqlite()
  const { path, image, journal, onWarning = () => undefined } = options
  const ring = new JournalRing(journal, RECORD_BYTES_MAX)
  const db = openDatabase(path, { image, ring, onWarning })
  return buildStore(db, ring, options)
}

const tableNames = (statements: Statements): string[] =>
  statements.all("select name from sqlite_schema where type = 'table'").map(({ name }) => String(name))

/** The thread sees what is committed: what was acknowledged has to be in the tables before it looks. */
function readCurrent(reader: Reader, commits: GroupCommit): Reader {
  const wrapped = Object.entries(reader).map(([name, read]) => {
    const call = read as (...given: readonly unknown[]) => Promise<unknown>
    return [name, (...given: readonly unknown[]) => commits.whenCurrent(() => call(...given))]
  })
  return Object.fromEntries(wrapped) as Reader
}

const nextTurn = (callback: () => void): void => void setImmediate(callback)

function buildStore(db: DatabaseSync, ring: JournalRing, options: SqliteOptions): SqliteStore {
  const { path, flush, turns, onFatal = () => undefined, onWarning = () => undefined } = options
  const statements = new Statements(db)
  const flushes = new FlushQueue({ log: flush, journal: options.journal.flush }, onFatal)
  const thread = options.reader === 'thread' ? startReaderThread(path) : undefined
  const cache = new RowCaches()
  const journal = new Journal(statements, ring, onWarning)
  const tables = new TableNames(tableNames(statements))
  const commits = new GroupCommit({
    db,
    statements,
    journal,
    tables,
    cache,
    turns: { soon: nextTurn, later: nextTurn, ...turns },
    flushes,
    path,
    onCommit: (bodies) => checkpoints?.afterCommit(bodies),
  })
  const warn = (error: unknown): void => onWarning(`A checkpoint of ${path} failed: ${String(error)}.`)
  const checkpoints = thread && new Checkpoints(thread, commits, warn)
  const whenQuiet = <T>(read: () => Promise<T>): Promise<T> => commits.whenQuiet(read)
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    try {
      await commits.close()
      await thread?.close()
    } finally {
      db.close()
    }
  }
  return {
    transaction: (body, options) => commits.submit(body, options),
    find: findsOf(statements, commits, cache),
    read: thread
      ? readCurrent(thread.reader, commits)
      : inlineReader(createQueries(statements), (read) => commits.whenCurrent(read)),
    counts: {
      get commits() {
        return commits.commits
      },
      get flushes() {
        return flushes.flushes
      },
      get behind() {
        return journal.behind
      },
    },
    image: () => whenQuiet(async () => db.serialize()),
    imageOfFlush: () => db.serialize(),
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
