/**
 * Makes the log of a database durable without holding the thread: `fdatasync` of its `-wal` file on libuv's pool.
 *
 * SQLite makes that file when the database is opened and deletes it when the last connection closes; while one is
 * open its content is overwritten and never cut off. A descriptor whose file was deleted is replaced.
 */
import { closeSync, fdatasync, fstatSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Flush } from '../ports.ts'

export interface FileFlush extends Flush {
  close(): void
}

/** The new file's name must survive as well as its content. */
function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** A flush for the database at `path`. */
export function fdatasyncFlush(path: string): FileFlush {
  let descriptor: number | undefined
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
  }
  const open = (): number => {
    if (descriptor !== undefined && fstatSync(descriptor).nlink === 0) close()
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
