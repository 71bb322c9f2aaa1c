/** Stores for tests: a file with the reader's thread, or memory; and a flush that the test holds in its hand. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Flush } from '../../ports.ts'
import { blocksInMemory, openBlockFile } from '../block-file.ts'
import { type FileFlush, fdatasyncFlush } from '../flush-file.ts'
import { openSqliteStore } from '../sqlite-store.ts'
import type { Store } from '../store.ts'

export interface TestStore {
  readonly store: Store
  /** Closes the store, and removes what it left on the disk. */
  end(): Promise<void>
}

export type OpenTestStore = (wrap?: (real: Flush) => Flush) => Promise<TestStore>

/** A flush that finishes when the test says so. */
export class HeldFlush {
  readonly #waiting: (() => void)[] = []
  started = 0

  readonly wrap = (real: Flush): Flush => {
    return (done) => {
      this.started += 1
      this.#waiting.push(() => real(done))
    }
  }

  /** Lets the oldest flush that was started go on. */
  release(): void {
    this.#waiting.shift()?.()
  }
}

/** A turn of the event loop: long enough for all that waits for no disk. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What a store in memory is opened with; its flush counts for the journal, too. */
export const inMemory = (flush: Flush) => ({ path: ':memory:', flush, journal: blocksInMemory(flush), reader: 'inline' }) as const

/** What a store in a file is opened with, on this thread. The journal's file is beside it, in its own name. */
export const onDisk = (path: string, flush: Flush, journalFlush: Flush = flush) =>
  ({ path, flush, journal: { ...openBlockFile(`${path}.journal`), flush: journalFlush }, reader: 'inline' }) as const

const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'pilotflame-store-'))

const asIs = (real: Flush): Flush => real

/** Runs `use` in a folder of its own, which is gone afterwards. */
export async function inFolder(use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = temporaryFolder()
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const openFile: OpenTestStore = async (wrap = asIs) => {
  const folder = temporaryFolder()
  const path = join(folder, 'pilotflame.db')
  const flush: FileFlush = fdatasyncFlush(path)
  const file = openBlockFile(join(folder, 'pilotflame.journal'))
  const journal = { ...file, flush: wrap(file.flush) }
  const store = await openSqliteStore({ path, flush: wrap(flush), journal, reader: 'thread' })
  return {
    store,
    async end() {
      await store.close()
      flush.close()
      file.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Memory has no log: its flush is a turn of the event loop. */
const nextTurn: Flush = (done) => {
  setImmediate(() => done(null))
}

export const openMemory: OpenTestStore = async (wrap = asIs) => {
  const store = await openSqliteStore(inMemory(wrap(nextTurn)))
  return { store, end: () => store.close() }
}
