/** Opens the server's own store: the database in its home folder, which no second server may use. */
import { join } from 'node:path'
import type { Flush } from '../ports.ts'
import { openBlockFile } from './block-file.ts'
import { fdatasyncFlush } from './flush-file.ts'
import { acquireLock } from './lock.ts'
import { openSqliteStore } from './sqlite-store.ts'
import type { Store } from './store.ts'

export interface ServerStoreOptions {
  /** The folder that holds the database. */
  readonly home: string
  /** Who this is, for the one who comes second: process, address, since when. */
  readonly holder: string
  /** Puts something around the real flushes, of the log and of the journal, or in their place. */
  readonly wrapFlush?: ((real: Flush) => Flush) | undefined
  /** Default: says why, and ends the process: what is on disk is unknown after a failed flush. */
  readonly onFatal?: (error: Error) => void
  /** Default: a line on stderr. */
  readonly onWarning?: (message: string) => void
  /** See `Turns`. */
  readonly later?: (callback: () => void) => void
}

function endProcess(error: Error): void {
  console.error(error.message)
  process.exit(1)
}

const asIs = (real: Flush): Flush => real

/** Throws `store_locked`, `store_newer`, `store_unsupported`, `store_failed`, `home_not_writable` or `disk_full`. */
export async function openServerStore(options: ServerStoreOptions): Promise<Store> {
  const { home, holder, wrapFlush = asIs, onFatal = endProcess, onWarning = (message) => console.error(message), later } = options
  const path = join(home, 'pilotflame.db')
  const lock = acquireLock(path, holder)
  const log = fdatasyncFlush(path)
  const journal = openBlockFile(join(home, 'pilotflame.journal'))
  const release = (): void => {
    log.close()
    journal.close()
    lock.release()
  }
  try {
    const store = await openSqliteStore({
      path,
      flush: wrapFlush(log),
      journal: { ...journal, flush: wrapFlush(journal.flush) },
      reader: 'thread',
      onFatal,
      onWarning,
      ...(later ? { turns: { later } } : {}),
    })
    return { ...store, close: () => store.close().finally(release) }
  } catch (error) {
    release()
    throw error
  }
}
