/**
 * Makes the log of a database durable without holding the thread: `fdatasync` of its `-wal` file on libuv's pool.
 *
 * SQLite makes that file when the database is opened and deletes it when the last connection closes; while one is
 * open it stays the same file. So a flush belongs to one opening of the database, and is closed after it.
 */
import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Flush } from '../ports.ts'

export interface FileFlush extends Flush {
  close(): void
}

/** The new file's name must survive as well as its content. */
export function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** A flush for the database that is open at `path`. */
export function fdatasyncFlush(path: string): FileFlush {
  let descriptor: number | undefined
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
  }
  const open = (): number => {
    if (descriptor === undefined) {
      descriptor = openSync(`${path}-wal`, 'r+')
      syncFolder(path)
    }
    return descriptor
  }
  const flush: Flush = (done) => {
    try {
      fdatasync(open(), done)
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return Object.assign(flush, { close })
}
