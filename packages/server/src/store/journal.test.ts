/** Bodies that are durable in the journal before they are in their tables: nobody ever sees the difference. */

import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BlockFile } from '../ports.ts'
import { blocksInMemory, openBlockFile } from './block-file.ts'
import { fdatasyncFlush } from './flush-file.ts'
import { first } from './migrations/001-first.ts'
import { retention } from './migrations/002-retention.ts'
import { prefectClients } from './migrations/003-prefect-clients.ts'
import { migrate } from './migrations.ts'
import { openSqliteStore, type SqliteStore } from './sqlite-store.ts'
import type { TransactionOptions } from './store.ts'
import { DEPLOYMENT, FLOW, nextState, sampleEvent, sampleRun, scheduledState, uuid } from './test/sample-rows.ts'
import { HeldFlush, inFolder, inMemory, onDisk, turn } from './test/stores.ts'

let store: SqliteStore
let held: HeldFlush

beforeEach(async () => {
  held = new HeldFlush()
  store = await openSqliteStore(inMemory((done) => setImmediate(() => done(null))))
  await store.transaction(async (tx) => {
    tx.saveFlow(FLOW)
    tx.saveDeployment(DEPLOYMENT)
  })
})
afterEach(() => store.close())

const journaled = { journal: 'often' } as const

/** An event and its run, as the intake writes them. */
const takeIn = (n: number) =>
  store.transaction(async (tx) => {
    const isNew = await tx.insertEvent(sampleEvent(n))
    if (isNew) tx.insertRun(sampleRun(n), [scheduledState(n)])
    return isNew
  }, journaled)

test('what was acknowledged is found at once, by key and in lists', async () => {
  expect(await takeIn(1)).toBe(true)
  expect(await store.find.findEvent(sampleEvent(1).id)).toMatchObject({ id: sampleEvent(1).id })
  expect(await store.find.findRun(sampleRun(1).id)).toMatchObject({ name: sampleRun(1).name })
  expect(JSON.parse(await store.read.flowRuns({}, 'ID_DESC', { limit: 10, offset: 0 }))).toHaveLength(1)
})

test('the next body sees it, also one that comes in the same turn', async () => {
  const results = await Promise.all([takeIn(1), takeIn(1), takeIn(2)])
  expect(results).toEqual([true, false, true])
  await takeIn(3)
  expect(await takeIn(3)).toBe(false)
})

test('a body that reads what it has written sees it', async () => {
  const seen = await store.transaction(async (tx) => {
    const run = sampleRun(1)
    tx.insertRun(run, [scheduledState(1)])
    const read = await tx.findRun(run.id)
    const pending = nextState(run, 'PENDING', 1, 1)
    if (read) tx.updateRun({ ...read, state: pending }, [pending])
    return (await tx.findRun(run.id))?.state.name
  }, journaled)
  expect(seen).toBe('Pending')
  expect(await store.find.findRun(sampleRun(1).id)).toMatchObject({ state: { name: 'Pending' } })
})

test('an event that is here already makes its body run again, and what the first time did is undone', async () => {
  await takeIn(1)
  const told: string[] = []
  let next: Promise<boolean> | undefined
  const again = store.transaction(
    async (tx) => {
      const isNew = await tx.insertEvent(sampleEvent(1))
      told.push(isNew ? 'new' : 'known')
      next ??= takeIn(3)
      if (isNew) tx.insertRun(sampleRun(2), [scheduledState(2)])
      return isNew
    },
    { ...journaled, committed: () => told.push('committed'), durable: () => told.push('durable') },
  )
  expect(await again).toBe(false)
  expect(await next).toBe(true)
  expect(told).toEqual(['new', 'known', 'committed', 'durable'])
  expect(await store.find.findRun(sampleRun(2).id)).toBeUndefined()
  expect(await store.find.findRun(sampleRun(3).id)).toBeDefined()
})

test('a body that fails by what it took for granted has not failed: it runs again', async () => {
  await takeIn(1)
  const told: string[] = []
  const again = store.transaction(
    async (tx) => {
      const isNew = await tx.insertEvent(sampleEvent(1))
      told.push(isNew ? 'taken for new' : 'known')
      if (isNew) throw new Error('it cannot be new')
    },
    { ...journaled, failed: () => told.push('failed') },
  )
  await again
  expect(told).toEqual(['taken for new', 'known'])
})

test('a body that has to run again does so before those that came later', async () => {
  await takeIn(1)
  const told: string[] = []
  let next: Promise<unknown> | undefined
  const again = store.transaction(async (tx) => {
    const isNew = await tx.insertEvent(sampleEvent(1))
    told.push(isNew ? 'taken for new' : 'known')
    next ??= store.transaction(async () => told.push('the next'), journaled)
    return isNew
  }, journaled)
  expect(await again).toBe(false)
  await next
  expect(told).toEqual(['taken for new', 'known', 'the next'])
})

test('and is answered, also when the store is closed meanwhile', async () => {
  const own = await openSqliteStore(inMemory(held.wrap((done) => done(null))))
  const take = () => own.transaction((tx) => tx.insertEvent(sampleEvent(1)), journaled)
  const first = take()
  await turn()
  held.release()
  expect(await first).toBe(true)
  const again = take()
  await turn()
  const closed = own.close()
  for (let flush = 0; flush < 4; flush += 1) {
    held.release()
    await turn()
  }
  expect(await again).toBe(false)
  await closed
})

test('one that fails because it took the event for new is asked again', async () => {
  await takeIn(1)
  const body = store.transaction(async (tx) => {
    if (await tx.insertEvent(sampleEvent(1))) throw new Error('a run of this event is there')
    return 'known'
  }, journaled)
  expect(await body).toBe('known')
})

test('and one whose writes are too long for a record', async () => {
  await takeIn(1)
  const long = store.transaction(
    async (tx) => tx.insertEvent({ ...sampleEvent(1), payload: { text: 'x'.repeat(20_000) } }),
    journaled,
  )
  expect(await long).toBe(false)
  expect((await store.find.findEvent(sampleEvent(1).id))?.payload).toEqual(sampleEvent(1).payload)
})

test('a body that throws leaves nothing, and what was in the journal before it stays', async () => {
  await takeIn(1)
  const failing = store.transaction(async (tx) => {
    await tx.insertEvent(sampleEvent(2))
    throw new Error('mine')
  }, journaled)
  await expect(failing).rejects.toThrow('mine')
  expect(await store.find.findEvent(sampleEvent(1).id)).toBeDefined()
  expect(await store.find.findEvent(sampleEvent(2).id)).toBeUndefined()
})

test('nothing is acknowledged before its flush', async () => {
  const own = await openSqliteStore(inMemory(held.wrap((done) => done(null))))
  let settled = false
  const body = own
    .transaction(async (tx) => tx.insertEvent(sampleEvent(1)), journaled)
    .then(() => {
      settled = true
    })
  await turn()
  await turn()
  expect(settled).toBe(false)
  held.release()
  await body
  await own.close()
})

/** A database's files as a crash at this moment leaves them. */
function copyFiles(path: string, to: string, ends: readonly string[] = ['', '-wal', '.journal']): void {
  for (const end of ends) if (existsSync(path + end)) copyFileSync(path + end, to + end)
}

const atOnce = (done: (error: null) => void): void => done(null)

/** The real flush of the journal of the database at `path`, with something before it or behind it. */
function journalOf(path: string, { before = () => {}, behind = () => {} }): BlockFile {
  const file = openBlockFile(`${path}.journal`)
  const flush: BlockFile['flush'] = (done) => {
    before()
    file.flush((error) => {
      behind()
      done(error)
    })
  }
  return { ...file, flush }
}

/** How many events the tables have, and the last record that they have. */
function lookInto(path: string): { events: unknown; applied: unknown } {
  const left = new DatabaseSync(path)
  const { n: events } = left.prepare('select count(*) as n from event').get() ?? {}
  const { applied } = left.prepare('select applied from journal').get() ?? {}
  left.close()
  return { events, applied }
}

describe('after a crash', () => {
  test('between the flush and the tables, the next start finishes what was acknowledged', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'live.db')
      const crashed = join(folder, 'crashed.db')
      // The moment after a flush, before its caller hears of it, is when a crash leaves the journal full.
      const journal = journalOf(path, { behind: () => copyFiles(path, crashed) })
      const live = await openSqliteStore({ ...onDisk(path, fdatasyncFlush(path)), journal, reader: 'thread' })
      await live.transaction(async (tx) => {
        await tx.insertEvent(sampleEvent(1))
        tx.insertRun(sampleRun(1), [scheduledState(1)])
      }, journaled)
      await live.close()
      expect(lookInto(crashed)).toEqual({ events: 0, applied: 0 })

      const again = await openSqliteStore(onDisk(crashed, atOnce))
      expect(await again.find.findEvent(uuid(4, 1))).toBeDefined()
      expect(await again.find.findRun(sampleRun(1).id)).toBeDefined()
      await again.close()
    }))

  test('that takes away tables which were written and not flushed, the journal brings all of them back', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'live.db')
      const crashed = join(folder, 'crashed.db')
      // The log is flushed when nothing has come for a moment: here that never is.
      const turns = { later: () => undefined }
      const live = await openSqliteStore({ ...onDisk(path, fdatasyncFlush(path)), turns })
      await live.transaction((tx) => tx.insertEvent(sampleEvent(1)))
      copyFiles(path, crashed, ['', '-wal'])
      for (let n = 2; n <= 40; n += 1) await live.transaction((tx) => tx.insertEvent(sampleEvent(n)), journaled)
      copyFiles(path, crashed, ['.journal'])
      await live.close()
      expect(lookInto(crashed)).toEqual({ events: 1, applied: 0 })
      copyFiles(path, crashed, ['.journal'])

      const again = await openSqliteStore(onDisk(crashed, atOnce))
      for (let n = 1; n <= 40; n += 1) expect(await again.find.findEvent(uuid(4, n))).toBeDefined()
      await again.close()
      // What was brought back is in the tables for good, and the journal is that of a new life.
      const third = await openSqliteStore(onDisk(crashed, atOnce))
      await third.transaction((tx) => tx.insertEvent(sampleEvent(41)), journaled)
      expect(await third.read.countFlowRuns({})).toBe(0)
      expect(await third.find.findEvent(uuid(4, 41))).toBeDefined()
      await third.close()
    }))

  test('while a repeated event is written, its record is passed over', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'live.db')
      const crashed = join(folder, 'crashed.db')
      // A flush begins when the record is written, and before anybody has looked whether the event is new.
      let copies = 0
      const copy = (): void => {
        copies += 1
        if (copies === 2) copyFiles(path, crashed)
      }
      const live = await openSqliteStore({
        ...onDisk(path, fdatasyncFlush(path)),
        journal: journalOf(path, { before: copy }),
      })
      const take = (n: number) =>
        live.transaction(async (tx) => {
          const isNew = await tx.insertEvent(sampleEvent(1))
          if (isNew) tx.insertRun(sampleRun(n), [scheduledState(n)])
          return isNew
        }, journaled)
      expect(await take(1)).toBe(true)
      await live.find.findRun(sampleRun(1).id) // the tables are up to date
      expect(await take(2)).toBe(false)
      await live.close()
      expect(lookInto(crashed)).toEqual({ events: 1, applied: 1 })

      const warnings: string[] = []
      const again = await openSqliteStore({ ...onDisk(crashed, atOnce), onWarning: (message) => warnings.push(message) })
      expect(await again.find.findRun(sampleRun(1).id)).toBeDefined()
      expect(await again.find.findRun(sampleRun(2).id)).toBeUndefined()
      await again.close()
      expect(warnings).toEqual([])
    }))

  test('of a version that had the journal in a table, what is left there is brought into the tables, too', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'left.db')
      const left = new DatabaseSync(path)
      migrate(left, path, [first, retention, prefectClients])
      const insert = "insert into flow (id, name, tags, labels, created_at, updated_at) values (?,?,'[]','{}',1,1)"
      const flow = (n: number) => [insert, uuid(1, n), `flow ${n}`]
      const rows = [[flow(1)], { operations: [flow(2)], unless: [] }, { operations: [flow(3)], unless: [['select 1']] }]
      for (const row of rows) left.prepare('insert into journal (operations) values (?)').run(JSON.stringify(row))
      left.close()
      const again = await openSqliteStore(onDisk(path, atOnce))
      const found = await Promise.all([1, 2, 3].map((n) => again.find.findFlow(uuid(1, n))))
      expect(found.map((flow) => flow?.name)).toEqual(['flow 1', 'flow 2', undefined])
      await again.close()
    }))
})

describe('a record counts on top of what is on disk', () => {
  /** A store whose log is flushed when the test says so; what is written to its journal is counted. */
  async function counted(blocks = 256) {
    let records = 0
    const memory = blocksInMemory((done) => setImmediate(() => done(null)), { blocks })
    const write: BlockFile['write'] = (at, bytes) => {
      records += 1
      memory.write(at, bytes)
    }
    const own = await openSqliteStore({
      ...inMemory(held.wrap(atOnce)),
      journal: { ...memory, write },
      turns: { later: () => undefined },
    })
    const take = (n: number, options: TransactionOptions = journaled) =>
      own.transaction((tx) => tx.insertEvent(sampleEvent(n)), options)
    return { own, take, records: () => records }
  }

  test('while a body that was executed directly waits for the disk, those behind it are executed directly, too', async () => {
    const { own, take, records } = await counted()
    await take(1)
    expect(records()).toBe(1)
    const told: string[] = []
    const direct = take(2, {}).then(() => told.push('direct'))
    await turn()
    const behind = take(3).then(() => told.push('behind'))
    await turn()
    expect(records()).toBe(1)
    for (let flush = 0; flush < 2; flush += 1) {
      held.release()
      await turn()
    }
    await Promise.all([direct, behind])
    expect(told).toEqual(['direct', 'behind'])
    await take(4)
    expect(records()).toBe(2)
    await own.close()
  })

  test('a journal without room is no reason to wait: the body is executed directly, and its flush makes room', async () => {
    const { own, take, records } = await counted(4)
    for (const n of [1, 2, 3, 4]) await take(n)
    const direct = take(5)
    await turn()
    expect(records()).toBe(4)
    held.release()
    expect(await direct).toBe(true)
    await take(6)
    expect(records()).toBe(5)
    for (const n of [1, 2, 3, 4, 5, 6]) expect(await own.find.findEvent(uuid(4, n))).toBeDefined()
    await own.close()
  })

  test('many records without a pause have their tables flushed in between, which nobody waits for', async () => {
    const { own, take } = await counted()
    for (let n = 1; n <= 127; n += 1) await take(n)
    expect(held.started).toBe(0)
    for (let n = 128; n <= 200; n += 1) await take(n)
    expect(held.started).toBe(1) // it has not ended
    held.release()
    await turn()
    for (let n = 201; n <= 300; n += 1) await take(n)
    expect(held.started).toBe(2)
    held.release()
    await own.close()
  })
})

test('a record whose write failed counts for nobody, also when all of it is in the file', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'live.db')
    const crashed = join(folder, 'crashed.db')
    const options = onDisk(path, fdatasyncFlush(path))
    const write: BlockFile['write'] = (first, bytes) => {
      options.journal.write(first, bytes)
      throw new Error('EIO')
    }
    const live = await openSqliteStore({ ...options, journal: { ...options.journal, write } })
    await live.transaction(async (tx) => tx.saveFlow(FLOW), journaled)
    await live.transaction(async (tx) => tx.saveFlow({ ...FLOW, tags: ['newer'] }), journaled)
    copyFiles(path, crashed)
    await live.close()
    const again = await openSqliteStore(onDisk(crashed, atOnce))
    expect((await again.find.findFlow(FLOW.id))?.tags).toEqual(['newer'])
    await again.close()
  }))

test('the journal of another database is none of this one', () =>
  inFolder(async (folder) => {
    const [path, other] = [join(folder, 'one.db'), join(folder, 'other.db')]
    for (const [at, n] of [
      [path, 1],
      [other, 2],
    ] as const) {
      const turns = { soon: () => undefined, later: () => undefined }
      const live = await openSqliteStore({ ...onDisk(at, fdatasyncFlush(at)), turns })
      await live.transaction((tx) => tx.insertEvent(sampleEvent(n)), journaled)
      copyFiles(at, `${at}.crashed`)
      await live.close()
    }
    copyFileSync(`${other}.crashed.journal`, `${path}.crashed.journal`)
    const again = await openSqliteStore(onDisk(`${path}.crashed`, atOnce))
    expect(await again.find.findEvent(uuid(4, 2))).toBeUndefined()
    await again.close()
  }))

test('what no column takes is told to its caller, and nothing else suffers', async () => {
  const wrong = store.transaction(async (tx) => tx.saveFlow({ ...FLOW, createdAt: 1.5 }), journaled)
  await expect(wrong).rejects.toThrow('cannot store REAL value')
  expect(await takeIn(1)).toBe(true)
  expect(await store.find.findEvent(uuid(4, 1))).toBeDefined()
})

test('a record that contradicts what is stored is told of, and is in nobody’s way', async () => {
  const warnings: string[] = []
  const own = await openSqliteStore({ ...inMemory(atOnce), onWarning: (message) => warnings.push(message) })
  const insert = () => own.transaction(async (tx) => tx.insertRun(sampleRun(1), [scheduledState(1)]), journaled)
  await insert()
  await insert() // it should have looked
  expect(await own.transaction((tx) => tx.insertEvent(sampleEvent(2)), journaled)).toBe(true)
  expect(await own.find.findEvent(uuid(4, 2))).toBeDefined()
  expect(warnings).toEqual([expect.stringContaining('contradicts what is stored')])
  await own.close()
})

test('a disk that refuses the journal is no reason to stop: all is executed directly', async () => {
  const warnings: string[] = []
  const memory = blocksInMemory(atOnce)
  const refuse = (): never => {
    throw new Error('ENOSPC')
  }
  for (const journal of [
    { ...memory, clear: refuse },
    { ...memory, write: refuse },
  ]) {
    const own = await openSqliteStore({ ...inMemory(atOnce), journal, onWarning: (message) => warnings.push(message) })
    expect(await own.transaction((tx) => tx.insertEvent(sampleEvent(1)), journaled)).toBe(true)
    expect(await own.find.findEvent(uuid(4, 1))).toBeDefined()
    await own.close()
  }
  expect(warnings).toEqual([expect.stringContaining('cannot be written')])
})

test('a deployment that was changed is read as it is now, and one whose change was undone as it was', async () => {
  const description = async () => (await store.find.findDeployment(DEPLOYMENT.id))?.description
  const before = await description()
  const undone = store.transaction(async (tx) => {
    tx.saveDeployment({ ...DEPLOYMENT, description: 'undone' })
    expect((await tx.findDeployment(DEPLOYMENT.id))?.description).toBe('undone')
    throw new Error('mine')
  })
  await expect(undone).rejects.toThrow('mine')
  expect(await description()).toBe(before)
  await store.transaction(async (tx) => tx.saveDeployment({ ...DEPLOYMENT, description: 'changed' }), journaled)
  expect(await description()).toBe('changed')
})
