/**
 * Keeps a second server off the same database: an open exclusive transaction on a small SQLite file beside it.
 * The kernel frees it when the process is gone, `kill -9` included. Who holds it stands in a text file beside it.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '@pilotflame/core'
import { makeFile } from './open-database.ts'
import { toStoreError } from './store-errors.ts'

const BUSY = 5

export interface Lock {
  release(): void
}

function readHolder(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim() || 'another process'
  } catch {
    return 'another process'
  }
}

const isBusy = (error: unknown): boolean => error instanceof Error && 'errcode' in error && error.errcode === BUSY

/** `holder` says who has it, for the one who comes second: process, address, since when. Throws `store_locked`. */
export function acquireLock(path: string, holder: string): Lock {
  const lockFile = `${path}.lock`
  const holderFile = `${path}.holder`
  makeFile(lockFile)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(lockFile, { timeout: 0 })
    db.exec('begin exclusive')
  } catch (cause) {
    db?.close()
    if (!isBusy(cause)) throw toStoreError(cause, lockFile)
    throw new AppError(
      'store_locked',
      `${path} is in use by ${readHolder(holderFile)}. Stop that server first, or set PILOTFLAME_HOME to another folder.`,
      { cause },
    )
  }
  const held = db
  writeFileSync(holderFile, `${holder}\n`, { mode: 0o600 })
  return {
    release() {
      if (!held.isOpen) return
      rmSync(holderFile, { force: true })
      held.close()
    },
  }
}
