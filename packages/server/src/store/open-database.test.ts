import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { first } from './migrations/001-first.ts'
import { retention } from './migrations/002-retention.ts'
import { migrate } from './migrations.ts'
import { checkSqlite, openDatabase } from './open-database.ts'
import { openSqliteStore } from './sqlite-store.ts'
import { sampleEvent } from './test/sample-rows.ts'
import { inFolder, onDisk } from './test/stores.ts'

const refusal = (action: () => unknown): { code: string; message: string } => {
  try {
    action()
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('it was not refused')
}

const userVersion = (db: DatabaseSync): unknown => db.prepare('pragma user_version').get()?.user_version

describe('opening', () => {
  test('makes the folder and the file, for their owner alone', () =>
    inFolder((folder) => {
      const path = join(folder, 'new', 'home', 'pilotflame.db')
      const db = openDatabase(path)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600)
      expect(statSync(join(folder, 'new', 'home')).mode & 0o777).toBe(0o700)
      db.close()
    }))

  test('a file that is no database is refused and stays as it is', () =>
    inFolder((folder) => {
      const path = join(folder, 'pilotflame.db')
      writeFileSync(path, 'my diary. '.repeat(200))
      expect(refusal(() => openDatabase(path))).toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining('is not a database'),
      })
      expect(readFileSync(path, 'utf8')).toBe('my diary. '.repeat(200))
    }))

  test('a database of another program is refused', () =>
    inFolder((folder) => {
      const path = join(folder, 'pilotflame.db')
      const other = new DatabaseSync(path)
      other.exec('create table diary (day text)')
      other.close()
      expect(refusal(() => openDatabase(path))).toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining('another program'),
      })
    }))

  test('a damaged database is named as one', () =>
    inFolder((folder) => {
      const path = join(folder, 'pilotflame.db')
      openDatabase(path).close()
      const bytes = readFileSync(path)
      bytes.fill(0xaa, 100, 4_096)
      writeFileSync(path, bytes)
      expect(refusal(() => openDatabase(path))).toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining('is damaged'),
      })
    }))

  test('a folder that cannot be made is refused with a sentence', () =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'file'), '')
      expect(refusal(() => openDatabase(join(folder, 'file', 'pilotflame.db')))).toMatchObject({ code: 'home_not_writable' })
    }))

  test.skipIf(process.getuid?.() === 0)('a folder without the right to write is refused with a sentence', () =>
    inFolder((folder) => {
      const home = join(folder, 'home')
      mkdirSync(home)
      chmodSync(home, 0o500)
      expect(refusal(() => openDatabase(join(home, 'pilotflame.db')))).toMatchObject({ code: 'home_not_writable' })
    }),
  )

  test('an SQLite that can lose a write is refused', () => {
    expect(refusal(() => checkSqlite('3.50.2'))).toMatchObject({
      code: 'store_unsupported',
      message: expect.stringContaining('3.51.3'),
    })
    expect(() => checkSqlite('3.51.3')).not.toThrow()
    expect(() => checkSqlite('4.0.0')).not.toThrow()
  })

  test('what was written is there when it is opened again', () =>
    inFolder(async (folder) => {
      const options = onDisk(join(folder, 'pilotflame.db'), (done) => done(null))
      const first = await openSqliteStore(options)
      await first.transaction((tx) => tx.insertEvent(sampleEvent(1)))
      await first.close()
      expect(existsSync(`${options.path}-wal`)).toBe(false)
      const second = await openSqliteStore(options)
      expect(await second.find.findEvent(sampleEvent(1).id)).toEqual(sampleEvent(1))
      await second.close()
    }))
})

describe('migrations', () => {
  const steps = ['create table one (a text)', 'create table two (b text)']

  test('an empty database gets all of them, and an older one gets the rest', () => {
    const db = new DatabaseSync(':memory:')
    migrate(db, 'x.db', steps.slice(0, 1))
    expect(userVersion(db)).toBe(1)
    db.exec(`insert into one values ('kept')`)
    migrate(db, 'x.db', steps)
    migrate(db, 'x.db', steps)
    expect(userVersion(db)).toBe(2)
    expect(db.prepare('select a from one').all()).toEqual([{ a: 'kept' }])
  })

  test('one that fails leaves nothing of itself behind', () => {
    const db = new DatabaseSync(':memory:')
    expect(() =>
      migrate(db, 'x.db', ['create table one (a text)', 'create table two (b text); create table one (c text)']),
    ).toThrow('already exists')
    expect(userVersion(db)).toBe(1)
    expect(db.isTransaction).toBe(false)
    expect(() => db.prepare('select * from two')).toThrow('no such table')
  })

  test("a run and a task run from before Prefect's clients are read as they were", () =>
    inFolder(async (folder) => {
      const path = join(folder, 'pilotflame.db')
      const old = new DatabaseSync(path)
      migrate(old, path, [first, retention])
      old.exec(`
        insert into flow_run (id, name, flow_id, parameters, tags, labels, state_id, state_type, state_name, run_count, epoch,
          retries, retry_delay_ms, total_run_micros, chain_depth, marks, created_at, updated_at)
          values ('r', 'old run', 'f', '{}', '[]', '{}', 's', 'RUNNING', 'Running', 1, 1, 0, 0, 0, 0, '{}', 1, 1);
        insert into flow_run_state values ('s', 'r', 'RUNNING', 'Running', 1, null, null, '{}', null, null, 1);
        insert into task_run values ('t', 'r', 'k', '0', 'old task', '[]', 'ts', 1, 1, null, 1, 1);
        insert into task_run_state values ('ts', 't', 'RUNNING', 'Running', 1, null, null, '{}', null, null, 1)`)
      old.close()
      const store = await openSqliteStore(onDisk(path, (done) => done(null)))
      expect(await store.find.findRun('r')).toMatchObject({ name: 'old run', parentTaskRunId: null, kept: null })
      expect(await store.find.findTaskRun('t')).toMatchObject({ flowRunId: 'r', expectedStartAt: null, kept: null })
      expect(await store.read.countFlowRuns({ flow_runs: { state: { type: { any_: ['RUNNING'] } } } })).toBe(1)
      await store.close()
    }))

  test('a database that is newer than the program is refused with both numbers', () => {
    const db = new DatabaseSync(':memory:')
    migrate(db, 'x.db', steps)
    expect(refusal(() => migrate(db, 'x.db', steps.slice(0, 1)))).toMatchObject({
      code: 'store_newer',
      message: expect.stringMatching(/version 2.*up to 1.*Update/),
    })
  })
})
