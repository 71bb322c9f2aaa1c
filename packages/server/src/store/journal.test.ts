/** Bodies that are durable in the journal before they are in their tables: nobody ever sees the difference. */

import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fdatasyncFlush } from './flush-file.ts'
import { openSqliteStore, type SqliteStore } from './sqlite-store.ts'
import { DEPLOYMENT, FLOW, nextState, sampleEvent, sampleRun, scheduledState, uuid } from './test/sample-rows.ts'
import { HeldFlush, inFolder, turn } from './test/stores.ts'

let store: SqliteStore
let held: HeldFlush

beforeEach(async () => {
  held = new HeldFlush()
  store = await openSqliteStore({ path: ':memory:', flush: (done) => setImmediate(() => done(null)), reader: 'inline' })
  await store.transaction(async (tx) => {
    tx.saveFlow(FLOW)
    tx.saveDeployment(DEPLOYMENT)
  })
})
afterEach(() => store.close())

const journaled = { journal: true }

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

test('one that has to run again is answered, also when the store is closed meanwhile', async () => {
  const own = await openSqliteStore({ path: ':memory:', flush: held.wrap((done) => done(null)), reader: 'inline' })
  const take = () => own.transaction((tx) => tx.insertEvent(sampleEvent(1)), journaled)
  const first = take()
  await turn()
  held.release()
  expect(await first).toBe(true)
  const again = take()
  await turn()
  const closed = own.close()
  held.release()
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

test('and one whose writes are too long for a row', async () => {
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
  const own = await openSqliteStore({ path: ':memory:', flush: held.wrap((done) => done(null)), reader: 'inline' })
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
function copyFiles(path: string, to: string): void {
  for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, to + end)
}

test('after a crash between the flush and the tables, the next start finishes what was acknowledged', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'live.db')
    const flush = fdatasyncFlush(path)
    const crashed = join(folder, 'crashed.db')
    // The moment after a flush, before its caller hears of it, is when a crash leaves the journal full.
    const copyAfter = (done: (error: Error | null) => void) =>
      flush((error) => {
        copyFiles(path, crashed)
        done(error)
      })
    const live = await openSqliteStore({ path, flush: copyAfter, reader: 'thread' })
    await live.transaction(async (tx) => {
      await tx.insertEvent(sampleEvent(1))
      tx.insertRun(sampleRun(1), [scheduledState(1)])
    }, journaled)
    await live.close()
    flush.close()

    const left = new DatabaseSync(crashed)
    expect(left.prepare('select count(*) as n from journal').get()).toEqual({ n: 1 })
    expect(left.prepare('select count(*) as n from event').get()).toEqual({ n: 0 })
    left.close()

    const again = await openSqliteStore({ path: crashed, flush: (done) => done(null), reader: 'inline' })
    expect(await again.find.findEvent(uuid(4, 1))).toBeDefined()
    expect(await again.find.findRun(sampleRun(1).id)).toBeDefined()
    await again.close()
  }))

test('a row that an earlier version left behind is brought into the tables, too', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'left.db')
    const open = () => openSqliteStore({ path, flush: (done) => done(null), reader: 'inline' })
    await (await open()).close()
    const left = new DatabaseSync(path)
    const write = [
      "insert into flow (id, name, tags, labels, created_at, updated_at) values (?,?,'[]','{}',1,1)",
      FLOW.id,
      FLOW.name,
    ]
    left.prepare('insert into journal (operations) values (?)').run(JSON.stringify([write]))
    left.close()
    const again = await open()
    expect(await again.find.findFlow(FLOW.id)).toMatchObject({ name: FLOW.name })
    await again.close()
  }))

test('a crash while a repeated event is written leaves a row that the next start passes over', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'live.db')
    const flush = fdatasyncFlush(path)
    const crashed = join(folder, 'crashed.db')
    // A flush begins when the row is written, and before anybody has looked whether the event is new.
    const copyBefore = (done: (error: Error | null) => void) => {
      copyFiles(path, crashed)
      flush(done)
    }
    const live = await openSqliteStore({ path, flush: copyBefore, reader: 'inline' })
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
    flush.close()

    const left = new DatabaseSync(crashed)
    expect(left.prepare('select count(*) as n from journal').get()).toEqual({ n: 1 })
    left.close()
    const warnings: string[] = []
    const again = await openSqliteStore({
      path: crashed,
      flush: (done) => done(null),
      reader: 'inline',
      onWarning: (message) => warnings.push(message),
    })
    expect(await again.find.findRun(sampleRun(1).id)).toBeDefined()
    expect(await again.find.findRun(sampleRun(2).id)).toBeUndefined()
    await again.close()
    expect(warnings).toEqual([])
  }))

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
