/** What SQLite says, as sentences: what happened, to which file, and what to do next. */
import { AppError } from '@pilotflame/core'

/** SQLite's primary result codes that get a sentence of their own. */
const READONLY = 8
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

interface SqliteError extends Error {
  readonly errcode: number
}

const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'

/** The error as callers may see it; one that does not come from SQLite stays as it is. */
export function toStoreError(error: unknown, path: string): unknown {
  if (!isSqliteError(error)) return error
  const cause = { cause: error }
  switch (error.errcode & 0xff) {
    case FULL:
      return new AppError(
        'disk_full',
        `The disk that holds ${path} is full; nothing was written. Free some space, then try again.`,
        cause,
      )
    case READONLY:
    case CANTOPEN:
      return new AppError(
        'home_not_writable',
        `${path} cannot be opened for writing. Give this user the right to write there, or set PILOTFLAME_HOME to another folder.`,
        cause,
      )
    case NOTADB:
      return new AppError(
        'store_failed',
        `${path} is not a database. Move that file away, or set PILOTFLAME_HOME to another folder.`,
        cause,
      )
    case CORRUPT:
      return new AppError(
        'store_failed',
        `The database ${path} is damaged (${error.message}). Put a backup in its place, or move it away to start with an empty one.`,
        cause,
      )
    default:
      return new AppError('store_failed', `The database ${path} refused a statement: ${error.message}.`, cause)
  }
}
