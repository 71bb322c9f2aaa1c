/** Opens the one connection that writes, set up so that the deciding thread never waits for a disk. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '@pilotflame/core'
import { beginJournal, finishJournal } from './journal.ts'
import type { JournalRing } from './journal-ring.ts'
import { migrate } from './migrations.ts'
import { toStoreError } from './store-errors.ts'

/** Before it, two connections could lose a write when the log began anew. */
const SQLITE_MIN = '3.51.3'

const numbers = (version: string): number => version.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0)

/** Throws `store_unsupported` when this SQLite is too old to be trusted with two connections. */
export function checkSqlite(version: string = process.versions.sqlite ?? '0'): void {
  if (numbers(version) >= numbers(SQLITE_MIN)) return
  throw new AppError(
    'store_unsupported',
    `This Node ${process.versions.node} carries SQLite ${version}, and Pilotflame's server needs ${SQLITE_MIN} or later. Use Node 24, or Node 22.23 or later.`,
  )
}

/** Makes the file, and its folder, when they are not there: for its owner alone. SQLite gives its log the same mode. */
export function makeFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
  } catch (cause) {
    throw new AppError(
      'home_not_writable',
      `${path} cannot be written. Give this user the right to write there, or set PILOTFLAME_HOME to another folder.`,
      { cause },
    )
  }
}

function setUp(db: DatabaseSync, path: string, ring: JournalRing | undefined, onWarning: (message: string) => void): void {
  db.exec('pragma busy_timeout = 5000')
  if (path !== ':memory:') db.exec('pragma journal_mode = wal')
  if (ring) finishJournal(db, ring, onWarning)
  migrate(db, path) // still with synchronous = FULL
  try {
    if (ring) beginJournal(db, ring)
  } catch (error) {
    onWarning(`The journal of ${path} cannot be written, so every change goes straight to its tables: ${String(error)}.`)
  }
  // Our own flush of the log makes commits durable, and the reader's thread does the checkpoints.
  db.exec(`
    pragma synchronous = normal;
    pragma wal_autocheckpoint = 0;
    pragma cache_size = -16000;
    pragma temp_store = memory;
  `)
}

export interface OpenOptions {
  /** The journal's records. Default: the journal is left as it is. */
  readonly ring?: JournalRing
  /** The content of a database in memory. */
  readonly image?: Uint8Array | undefined
  /** Told what went wrong and was put up with. Default: nobody. */
  readonly onWarning?: (message: string) => void
}

/** Opens, and migrates, the database at `path`. */
export function openDatabase(path: string, { ring, image, onWarning = () => undefined }: OpenOptions = {}): DatabaseSync {
  if (path !== ':memory:') makeFile(path)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path)
    if (image) db.deserialize(image)
    setUp(db, path, ring, onWarning)
    return db
  } catch (error) {
    db?.close()
    throw toStoreError(error, path)
  }
}
