/**
 * The reader's thread: answers questions with finished JSON, and does the checkpoints. It never writes a row.
 * Its connection is open for writing because a checkpoint is one; `query_only` keeps statements from it.
 */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { isAppError } from '@pilotflame/core'
import { createQueries } from './queries.ts'
import type { Answer, LogSize, Request } from './reader.ts'
import { Statements } from './statements.ts'
import { toStoreError } from './store-errors.ts'

/** 8 MB of pages of 4 KB: enough that a page is copied once for many commits, and a short piece of work. */
const PAGES_MIN = 2_000

/** 10 of 19: where processors are few, lists and checkpoints wait for the path and not the path for them. */
const PRIORITY = 10

/** Linux has a priority per thread, and names the thread that asks. Elsewhere all threads stay equal. */
function stepBack(): void {
  try {
    const [, , thread] = readlinkSync('/proc/thread-self').split('/')
    setPriority(Number(thread), PRIORITY)
  } catch {} // not Linux
}

stepBack()
const { path } = workerData as { path: string }
const db = new DatabaseSync(path, { timeout: 5_000 })
db.exec('pragma synchronous = normal; pragma cache_size = -8000; pragma query_only = on')
const statements = new Statements(db)
const queries = createQueries(statements)

function pragmaCheckpoint(mode: 'noop' | 'passive'): LogSize {
  const row = statements.get(`pragma wal_checkpoint(${mode})`)
  return { log: Number(row?.log ?? 0), checkpointed: Number(row?.checkpointed ?? 0) }
}

/** PASSIVE: nobody waits for it, and it never cuts the file off. */
function checkpoint(force: boolean): LogSize {
  const size = pragmaCheckpoint('noop')
  return force || size.log - size.checkpointed >= PAGES_MIN ? pragmaCheckpoint('passive') : size
}

function answer({ method, values }: Request): unknown {
  if (method === 'checkpoint') return checkpoint(values[0])
  if (method === 'close') return db.close()
  return (queries[method] as (...values: readonly unknown[]) => unknown)(...values)
}

parentPort?.on('message', (request: Request) => {
  let reply: Answer
  try {
    reply = { id: request.id, value: answer(request) }
  } catch (cause) {
    const error = toStoreError(cause, path)
    const message = error instanceof Error ? error.message : String(error)
    reply = { id: request.id, failure: { code: isAppError(error) ? error.code : undefined, message } }
  }
  parentPort?.postMessage(reply)
})
