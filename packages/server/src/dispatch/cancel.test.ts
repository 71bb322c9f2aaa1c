/** Cancelling a run (I10), over the real HTTP and channel. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { anOffer, ended, type Frame, type Joined, join, NOBODY, running } from '../api/test/processes.ts'
import { startHttp, type TestHttp } from '../api/test/start.ts'

const startRun = async (http: TestHttp, { deploymentId }: Joined, body: object = {}): Promise<string> =>
  (await http.ask('POST', `/api/deployments/${deploymentId}/create_flow_run`, { body })).json.id
const setState = (http: TestHttp, id: string, body: object) => http.ask('POST', `/api/flow_runs/${id}/set_state`, { body })
const cancel = async (http: TestHttp, id: string, state: object = {}): Promise<Frame> =>
  (await setState(http, id, { state: { type: 'CANCELLING', ...state } })).json
const stateOf = async (http: TestHttp, id: string): Promise<Frame> => (await http.ask('GET', `/api/flow_runs/${id}`)).json.state
const endOf = async (http: TestHttp, id: string): Promise<Frame> =>
  (await http.ask('GET', `/api/flow_runs/${id}/result`)).json.state

async function atWork(more: object = {}) {
  const http = await startHttp()
  const executor = await join(http, more)
  const id = await startRun(http, executor)
  const run = await executor.next('run')
  await executor.report(run, [running()])
  return { http, executor, id, run }
}

test('the executor is told at once, and Cancelled is written when the function has ended, with how long that took', async () => {
  const { http, executor, id, run } = await atWork()
  expect(await cancel(http, id)).toMatchObject({ status: 'ACCEPT', state: { type: 'CANCELLING' } })
  expect(await executor.next('cancel')).toMatchObject({ run_id: id, epoch: 1 })
  expect((await stateOf(http, id)).type).toBe('CANCELLING')
  await executor.report(run, [ended('CANCELLED')])
  const { type, message } = await stateOf(http, id)
  expect(type).toBe('CANCELLED')
  expect(message).toMatch(/^aborted; the function ended \d+ ms later$/)
})

test('who asked for it stands in the message', async () => {
  const { http, executor, id, run } = await atWork()
  await cancel(http, id, { message: 'wrong customer' })
  expect((await executor.next('cancel')).reason).toBe('wrong customer')
  await executor.report(run, [ended('FAILED')])
  expect((await stateOf(http, id)).message).toMatch(/^wrong customer: aborted; the function ended \d+ ms later$/)
})

test('cancelling twice is answered plainly, and told to the executor once more', async () => {
  const { http, executor, id } = await atWork()
  await cancel(http, id)
  await executor.next('cancel')
  const before = await stateOf(http, id)
  for (const type of ['CANCELLING', 'CANCELLED']) {
    const answer = (await setState(http, id, { state: { type } })).json
    expect(answer).toMatchObject({ status: 'REJECT', details: { reason: expect.stringContaining('being cancelled already') } })
    expect(await executor.next('cancel')).toMatchObject({ run_id: id })
  }
  expect((await stateOf(http, id)).id).toBe(before.id)
})

test('a run that has finished is not cancelled, and its answer says so', async () => {
  const { http, executor, id, run } = await atWork()
  await executor.report(run, [ended('COMPLETED')])
  const answer = await cancel(http, id)
  expect(answer).toMatchObject({ status: 'REJECT', details: { reason: 'Run is already COMPLETED.' } })
  expect((await stateOf(http, id)).type).toBe('COMPLETED')
})

test.each([
  ['Scheduled for later', { state: { type: 'SCHEDULED', state_details: { scheduled_time: '2099-01-01T00:00:00Z' } } }],
  ['Late', { state: { type: 'SCHEDULED', name: 'Late' } }],
])('a run that is %s is Cancelled at once, and does not start any more', async (_, body) => {
  const http = await startHttp()
  const executor = await join(http, { limit: 0 })
  const id = await startRun(http, executor, body)
  await cancel(http, id)
  expect(await stateOf(http, id)).toMatchObject({ type: 'CANCELLED', message: 'Cancelled before it started.' })
  const next = await join(http)
  expect(await startRun(http, next)).toBe((await next.next('run')).run_id)
})

test('a run that waits for its retry is Cancelled at once', async () => {
  const { http, executor, id, run } = await atWork({ deployments: [anOffer({ retries: 1, retry_delay_ms: 60_000 })] })
  await executor.report(run, [ended('FAILED')])
  expect((await stateOf(http, id)).name).toBe('AwaitingRetry')
  await cancel(http, id)
  expect((await stateOf(http, id)).type).toBe('CANCELLED')
})

test('when the executor vanishes meanwhile, the run is Cancelled: its work is gone', async () => {
  const { http, executor, id } = await atWork({ pid: NOBODY })
  await cancel(http, id)
  executor.close()
  expect(await endOf(http, id)).toMatchObject({ type: 'CANCELLED', message: expect.stringMatching(/^aborted; gone .* later: /) })
})

test('an executor that was away hears of it when it comes back', async () => {
  const { http, executor, id, run } = await atWork()
  executor.close()
  await executor.closed
  await cancel(http, id)
  const again = await join(http, { session_id: executor.sessionId, holds: [{ run_id: id, epoch: 1 }] })
  expect(await again.next('cancel')).toMatchObject({ run_id: id, epoch: 1 })
  await again.report(run, [ended('CANCELLED')])
  expect((await stateOf(http, id)).type).toBe('CANCELLED')
})

test('a run that never reached the executor is Cancelled when that one comes back without it', async () => {
  const { http, executor, id } = await atWork()
  executor.close()
  await executor.closed
  await cancel(http, id)
  await join(http, { session_id: executor.sessionId })
  expect((await endOf(http, id)).type).toBe('CANCELLED')
})

test('it is told again after a restart of the server, too', async () => {
  const home = mkdtempSync(joinPath(tmpdir(), 'pilotflame-cancel-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const first = await startHttp({ home })
  const executor = await join(first)
  const id = await startRun(first, executor)
  await executor.next('run')
  await cancel(first, id)
  await first.server.stop()
  const second = await startHttp({ home })
  const again = await join(second, { session_id: executor.sessionId, holds: [{ run_id: id, epoch: 1 }] })
  expect(await again.next('cancel')).toMatchObject({ run_id: id, epoch: 1 })
})

test('a run that is forced into another state is stopped where it is at work', async () => {
  const { http, executor, id } = await atWork()
  await setState(http, id, { state: { type: 'CANCELLED' }, force: true })
  expect(await executor.next('cancel')).toMatchObject({ run_id: id, epoch: 1 })
})
