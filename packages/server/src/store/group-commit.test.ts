/** What goes wrong below the store: a full disk, a flush that fails, a log that would grow without end. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Flush } from '../ports.ts'
import { blocksInMemory } from './block-file.ts'
import { fdatasyncFlush } from './flush-file.ts'
import { FlushQueue } from './flush-queue.ts'
import { GroupCommit } from './group-commit.ts'
import { Journal, RECORD_BYTES_MAX, TableNames } from './journal.ts'
import { JournalRing } from './journal-ring.ts'
import { openDatabase } from './open-database.ts'
import { RowCaches } from './row-cache.ts'
import { openSqliteStore } from './sqlite-store.ts'
import { Statements } from './statements.ts'
import { sampleEvent, uuid } from './test/sample-rows.ts'
import { inFolder, inMemory, onDisk } from './test/stores.ts'

const atOnce: Flush = (done) => done(null)
const nextTurn = (callback: () => void) => void setImmediate(callback)

/** A writer on a database in memory that takes `pages` more pages. */
function smallDisk(pages: number): GroupCommit {
  const db = openDatabase(':memory:')
  const used = Number(db.prepare('pragma page_count').get()?.page_count)
  db.exec(`pragma max_page_count = ${used + pages}`)
  const statements = new Statements(db)
  const journal = new Journal(statements, new JournalRing(blocksInMemory(atOnce), RECORD_BYTES_MAX), () => undefined)
  const flushes = new FlushQueue({ log: atOnce, journal: atOnce }, () => undefined)
  return new GroupCommit({
    db,
    statements,
    journal,
    tables: new TableNames(['event']),
    cache: new RowCaches(),
    turns: { soon: nextTurn, later: nextTurn },
    flushes,
    path: 'x.db',
  })
}

/** More than the pages that are left. */
const LONG = 'x'.repeat(100_000)

const found = (commits: GroupCommit): Promise<boolean[]> =>
  commits.submit(async (tx) => {
    const events = await Promise.all([1, 2, 3].map((n) => tx.findEvent(uuid(4, n))))
    return events.map((event) => event !== undefined)
  })

test('a body that meets a full disk is told so', async () => {
  const commits = smallDisk(10)
  const results = await Promise.allSettled([
    commits.submit((tx) => tx.insertEvent(sampleEvent(1))),
    commits.submit((tx) => tx.insertEvent({ ...sampleEvent(2), payload: { text: LONG } })),
    commits.submit((tx) => tx.insertEvent(sampleEvent(3))),
  ])
  expect(results).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'disk_full', message: expect.stringContaining('x.db is full') } },
    { status: 'fulfilled' },
  ])
  expect(await found(commits)).toEqual([true, false, true])
})

test('what SQLite rolled back as a whole is refused as a whole, and what comes behind it is served', async () => {
  const commits = smallDisk(10)
  const results = await Promise.allSettled([
    commits.submit((tx) => tx.insertEvent(sampleEvent(1))),
    commits.submit((tx) => tx.insertChunk({ flowRunId: uuid(9, 1), attempt: 1, n: 1, text: LONG })),
    commits.submit((tx) => tx.insertEvent(sampleEvent(3))),
  ])
  expect(results).toMatchObject([
    { status: 'rejected', reason: { code: 'disk_full' } },
    { status: 'rejected', reason: { code: 'disk_full' } },
    { status: 'fulfilled' },
  ])
  expect(await found(commits)).toEqual([false, false, true])
})

test('a body that submits another one at once is over before that one begins', async () => {
  const commits = smallDisk(100)
  const told: string[] = []
  const second = Promise.withResolvers<void>()
  const first = commits.submit(async (tx) => {
    commits
      .submit(async (other) => told.push(`second sees ${await other.findEvent(uuid(4, 1))}`), { journal: 'once' })
      .then(() => second.resolve())
    await tx.findEvent(uuid(4, 1))
    await tx.findEvent(uuid(4, 2))
    told.push('first is over')
  })
  await Promise.all([first, second.promise])
  expect(told).toEqual(['first is over', 'second sees undefined'])
})

test('what follows from a body is done before its caller goes on, and an error of that is the caller’s', async () => {
  const commits = smallDisk(100)
  const told: string[] = []
  const done = commits
    .submit((tx) => tx.insertEvent(sampleEvent(1)), {
      committed: () => told.push('committed'),
      durable: () => told.push('durable'),
    })
    .then(() => told.push('settled'))
  const failing = commits.submit((tx) => tx.insertEvent(sampleEvent(2)), {
    durable: () => {
      throw new Error('mine')
    },
  })
  await done
  await expect(failing).rejects.toThrow('mine')
  expect(told).toEqual(['committed', 'durable', 'settled'])
})

test('a failed flush acknowledges nothing, is reported once, and ends all writing', async () => {
  const fatal: string[] = []
  const flush: Flush = (done) => {
    setImmediate(() => done(new Error('EIO')))
  }
  const store = await openSqliteStore({
    ...inMemory(flush),
    onFatal: (error) => fatal.push(error.message),
  })
  const results = await Promise.allSettled([1, 2].map((n) => store.transaction((tx) => tx.insertEvent(sampleEvent(n)))))
  expect(results).toMatchObject([{ reason: { code: 'store_failed' } }, { reason: { code: 'store_failed' } }])
  await expect(store.transaction((tx) => tx.insertEvent(sampleEvent(3)))).rejects.toMatchObject({ code: 'store_failed' })
  expect(fatal).toEqual([expect.stringContaining('EIO')])
  expect(await store.find.findEvent(uuid(4, 3))).toBeUndefined()
  await store.close()
})

test('the flush follows the log when it is closed with the database and both are opened again', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'pilotflame.db')
    const flush = fdatasyncFlush(path)
    for (const n of [1, 2]) {
      const store = await openSqliteStore(onDisk(path, flush))
      expect(await store.transaction((tx) => tx.insertEvent(sampleEvent(n)))).toBe(true)
      await store.close()
      flush.close()
    }
  }))

test('a flush without a log is an error', () =>
  inFolder(async (folder) => {
    const error = await new Promise((resolve) => fdatasyncFlush(join(folder, 'none.db'))(resolve))
    expect(error).toMatchObject({ code: 'ENOENT' })
  }))

test('the log stays bounded under writes without a pause', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'pilotflame.db')
    const store = await openSqliteStore({ ...onDisk(path, atOnce), reader: 'thread' })
    const event = (n: number) => ({ ...sampleEvent(n), payload: { text: 'x'.repeat(20_000) } })
    await store.read.countFlowRuns({}) // the thread is up
    let written = 0
    const writer = async (): Promise<void> => {
      while (written < 12_000) {
        written += 1
        const n = written
        await store.transaction((tx) => tx.insertEvent(event(n)))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await Promise.all(Array.from({ length: 4 }, writer))
    // These are 300 MB; the bound is 32 MB and what comes in while the thread is at work.
    expect(statSync(`${path}-wal`).size).toBeLessThan(150_000_000)
    await store.close()
  }))
