/** What the server does with what executors report: over a real channel, by an executor that the test drives. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { connectExecutor, startHttp } from '../api/test/start.ts'
import type { Flush } from '../ports.ts'

async function startRun(flush = (real: Flush): Flush => real) {
  const http = await startHttp({}, { flush })
  const executor = await connectExecutor(http)
  await http.ask('POST', `/api/deployments/${executor.deploymentId}/create_flow_run`, { body: {} })
  const run = await executor.next('run')
  const id = () => http.server.app.random.uuid()
  const readRun = async () => (await http.ask('GET', `/api/flow_runs/${run.run_id}`)).json
  const stateNames = async () =>
    (await http.ask('GET', `/api/flow_run_states/?flow_run_id=${run.run_id}`)).json.map(({ name }: { name: string }) => name)
  return { http, executor, run, id, readRun, stateNames }
}

test('an item of an old lease is refused and changes nothing (I2)', async () => {
  const { executor, run, id, readRun } = await startRun()
  const old = { ...run, epoch: run.epoch - 1 }
  const ack = await executor.report(old, [
    { kind: 'state', id: id(), state: { type: 'COMPLETED' } },
    { kind: 'chunk', attempt: 1, n: 1, text: 'late' },
  ])
  expect(ack.refused).toMatchObject([
    { index: 0, code: 'stale_lease' },
    { index: 1, code: 'stale_lease' },
  ])
  expect(await readRun()).toMatchObject({ state_type: 'PENDING' })
})

test('what comes after the end is refused; what was written and comes again is not, and is not written twice', async () => {
  const { executor, run, id, stateNames } = await startRun()
  const completed = { kind: 'state', id: id(), state: { type: 'COMPLETED' } }
  await executor.report(run, [{ kind: 'state', id: id(), state: { type: 'RUNNING' } }, completed])
  expect((await executor.report(run, [completed])).refused).toEqual([])
  const late = await executor.report(run, [{ kind: 'state', id: id(), state: { type: 'FAILED' } }])
  expect(late.refused).toMatchObject([{ code: 'stale_lease' }])
  expect(await stateNames()).toEqual(['Scheduled', 'Pending', 'Running', 'Completed'])
})

test('a task state that is sent again does not take the task run back', async () => {
  const { http, executor, run, id } = await startRun()
  const task_run_id = id()
  const at = http.server.app.clock.now()
  const task = { kind: 'task', task_run_id, task_key: 'look-up', dynamic_key: '0', name: 'look-up-0', run_count: 1 }
  const running = { ...task, id: id(), state: { type: 'RUNNING' }, at }
  await executor.report(run, [{ kind: 'state', id: id(), state: { type: 'RUNNING' } }, running])
  await executor.report(run, [{ ...task, id: id(), state: { type: 'COMPLETED' }, at: at + 5, result: 1 }])
  await executor.report(run, [running])
  expect((await http.ask('GET', `/api/task_runs/${task_run_id}`)).json).toMatchObject({ state_type: 'COMPLETED' })
})

test('a state that stands twice in one batch is entered once', async () => {
  const { executor, run, id, stateNames } = await startRun()
  const running = { kind: 'state', id: id(), state: { type: 'RUNNING' } }
  expect((await executor.report(run, [running, running])).refused).toEqual([])
  expect(await stateNames()).toEqual(['Scheduled', 'Pending', 'Running'])
})

test.for([
  { kind: 'log', name: 'console', level: 12.5, message: 'a line', at: 1, task_run_id: null },
  { kind: 'log', name: null, level: 20, message: 'a line', at: 1, task_run_id: null },
  { kind: 'task', task_key: 'a', dynamic_key: '0', name: 'a-0', run_count: 1, state: { type: 'RUNNING' }, at: 1.5 },
  { kind: 'chunk', attempt: 1.5, n: 1, text: 'a chunk' },
])('what the store has no place for is refused before it is acknowledged, and the server goes on: $kind', async (item) => {
  const { executor, run, id, readRun } = await startRun()
  const sent = executor.report(run, [{ id: id(), task_run_id: id(), ...item }])
  await expect(sent).rejects.toThrow('with wrong fields')
  expect(await readRun()).toMatchObject({ state_type: 'PENDING' })
})

test('after a batch that could not be written none of its connection is, also while the disk still writes the one before', async () => {
  let held: (() => void)[] | null = null
  const { http, executor, run } = await startRun((real) => (done) => {
    if (held) held.push(() => real(done))
    else real(done)
  })
  const db = new DatabaseSync(join(http.home, 'pilotflame.db'))
  db.exec("create trigger refuses before insert on chunk when new.text = 'bad' begin select raise(abort, 'no'); end")
  db.close()
  held = []
  let n = 0
  const send = (...texts: string[]) =>
    executor.send(
      run,
      texts.map((text) => ({ kind: 'chunk', attempt: 1, n: ++n, text })),
    )
  send('good')
  send('with', 'four', 'more', 'beside', 'bad') // so many are written at once, and not by the journal
  send('behind it')
  await http.ask('GET', '/api/health') // all three are there
  const flushes: (() => void)[] = held
  held = null
  for (const flush of flushes) flush()
  await executor.closed
  const chunks = await http.server.app.store.read.chunks(run.run_id, { attempt: 0, n: 0 }, 10)
  expect(chunks.map(({ text }) => text)).toEqual(['good'])
})
