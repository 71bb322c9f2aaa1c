/** `GET /api/flow_runs/{id}/why` on a whole server: the sentences themselves are tested in core. */
import { expect, test } from 'vitest'
import {
  aHello,
  anOffer,
  ended,
  type Frame,
  type Joined,
  join,
  joinChild,
  joinHost,
  openLine,
  running,
} from '../api/test/processes.ts'
import { startHttp, type TestHttp } from '../api/test/start.ts'
import { nodeClock } from '../system/node-ports.ts'

const startRun = async (http: TestHttp, { deploymentId }: Pick<Joined, 'deploymentId'>, body: object = {}): Promise<string> =>
  (await http.ask('POST', `/api/deployments/${deploymentId}/create_flow_run`, { body })).json.id
const why = async (http: TestHttp, id: string): Promise<Frame> => (await http.ask('GET', `/api/flow_runs/${id}/why`)).json

test('nobody has its code: the command that serves it, with its events', async () => {
  const http = await startHttp()
  const executor = await join(http)
  executor.send({ type: 'drain' })
  executor.close()
  await expect.poll(async () => (await http.ask('GET', '/api/executors')).json).toEqual([])
  const id = await startRun(http, executor)
  expect(await why(http, id)).toMatchObject({
    flow_run_id: id,
    state_type: 'SCHEDULED',
    reason: 'no_executor',
    command: 'pilot serve flows/answer.ts:answer --name main --on chat.message',
  })
})

test('nobody has the code of a program: its name, also when it is gone, and no command that would not run', async () => {
  const http = await startHttp()
  const program = await join(http, { name: 'chatbot.ts', deployments: [anOffer({ entrypoint: null })] })
  program.send({ type: 'drain' })
  program.close()
  await expect.poll(async () => (await http.ask('GET', '/api/executors')).json).toEqual([])
  expect(await why(http, await startRun(http, program))).toMatchObject({
    reason: 'no_executor',
    summary: expect.stringMatching(/start the program that serves it \(chatbot\.ts\)\.$/),
    command: null,
  })
})

test('all are busy: how many, and the flag that raises it', async () => {
  const http = await startHttp()
  const executor = await join(http, { limit: 2 })
  for (const _ of [1, 2, 3]) await startRun(http, executor)
  const id = await startRun(http, executor)
  const said = await why(http, id)
  expect(said).toMatchObject({ reason: 'all_busy', command: expect.stringMatching(/--limit 4$/) })
  expect(said.summary).toContain('all 2 places of answer/main are taken (2 at work in 1 executor)')
  expect(said.summary).toContain('1 run of it came before this one')
})

test('only older code is there', async () => {
  const http = await startHttp()
  const old = await join(http)
  const next = await join(http, { deployments: [anOffer({ version: 'v2' })] })
  next.send({ type: 'drain' })
  next.close()
  await next.closed
  await expect.poll(async () => (await http.ask('GET', '/api/executors')).json.length).toBe(1)
  const id = await startRun(http, old)
  expect(await why(http, id)).toMatchObject({ reason: 'older_code', summary: expect.stringContaining('version v2') })
})

test('processes of a host: starting, failing, and all at work', async () => {
  const http = await startHttp()
  const host = await joinHost(http)
  const pool = (more: object) =>
    host.send({ type: 'pool', deployment_id: host.deploymentId, starting: 0, ready: 0, busy: 0, failure: null, ...more })
  const id = await startRun(http, host)
  pool({ starting: 1 })
  await expect.poll(async () => (await why(http, id)).reason).toBe('pool_starting')
  pool({ failure: 'flows/answer.ts: no such module "pg"' })
  await expect.poll(async () => (await why(http, id)).reason).toBe('pool_failing')
  expect((await why(http, id)).summary).toContain('no such module "pg"')
  const child = await joinChild(http, host)
  await child.next('run')
  pool({ busy: 1 })
  const second = await startRun(http, host)
  await expect.poll(async () => (await why(http, second)).reason).toBe('all_busy')
  expect((await why(http, second)).command).toContain('--warm 1..2')
})

test('the deployment is paused: its runs wait, and start when it is resumed', async () => {
  const http = await startHttp()
  const executor = await join(http)
  const deployment = `/api/deployments/${executor.deploymentId}`
  await http.ask('POST', `${deployment}/pause_deployment`)
  const id = await startRun(http, executor)
  expect(await why(http, id)).toMatchObject({ reason: 'deployment_paused', command: 'pilot deployment resume answer/main' })
  expect(executor.frames).toEqual([])
  await http.ask('POST', `${deployment}/resume_deployment`)
  expect((await executor.next('run')).run_id).toBe(id)
})

test('its time has not come', async () => {
  const http = await startHttp()
  const executor = await join(http)
  const state = { type: 'SCHEDULED', state_details: { scheduled_time: '2099-01-01T00:00:00Z' } }
  const id = await startRun(http, executor, { state })
  expect(await why(http, id)).toMatchObject({ reason: 'due_later', until: '2099-01-01T00:00:00.000000Z' })
})

test('it is at work: on whom, and what it said last', async () => {
  const http = await startHttp()
  const executor = await join(http)
  const id = await startRun(http, executor)
  const run = await executor.next('run')
  expect((await why(http, id)).reason).toBe('sent')
  const at = http.server.app.clock.now()
  const log = { kind: 'log', id: crypto.randomUUID(), task_run_id: null, name: 'run', level: 20, message: 'step 2\nof 3', at }
  await executor.report(run, [running(), log])
  const { reason, summary } = await why(http, id)
  expect(reason).toBe('running')
  expect(summary).toMatch(/on test\.ts \(pid \d+ on here\); its last output came \d+ ms ago: "step 2"\.$/)
})

test('it is being cancelled, and then it has ended', async () => {
  const http = await startHttp()
  const executor = await join(http)
  const id = await startRun(http, executor)
  const run = await executor.next('run')
  await http.ask('POST', `/api/flow_runs/${id}/set_state`, { body: { state: { type: 'CANCELLING' } } })
  expect(await why(http, id)).toMatchObject({ reason: 'cancelling', summary: expect.stringContaining('run.signal') })
  await executor.report(run, [ended('CANCELLED')])
  expect(await why(http, id)).toMatchObject({
    reason: 'ended',
    summary: expect.stringMatching(/^It is Cancelled: aborted; the function ended/),
  })
})

test('an attempt whose executor died: no last output that nobody has reported, and its time from its states', async () => {
  let ahead = 0
  const clock = nodeClock()
  const http = await startHttp({}, { clock: { ...clock, now: () => clock.now() + ahead } })
  const deployments = [anOffer({ retries: 1 })]
  const executor = await join(http, { deployments })
  const id = await startRun(http, executor)
  await executor.report(await executor.next('run'), [running(), ended('FAILED')])
  const second = await executor.next('run')
  const { boot, at } = second.marks
  const now = clock.monotonic()
  const marks = { boot, at: { ...at, first_line: now, first_output: now + 1_000, last_output: now + 1_000 } }
  await executor.report(second, [{ ...running(), marks }])
  ahead = 5_000_000
  await executor.report(second, [{ ...ended('CRASHED') }])
  const [, last] = (await http.ask('GET', `/api/flow_runs/${id}/timeline`)).json.attempts
  expect(last.marks.at(-1)).toMatchObject({ mark: 'first_output' })
  expect((await why(http, id)).summary).toMatch(/Attempt 2 took 5\.\d s, 5\.\d s of it in your own code/)
})

test('a run that waited through a restart of the server did not wait for the disk', async () => {
  let ahead = 0
  const real = nodeClock()
  const clock = { ...real, now: () => real.now() + ahead, monotonic: () => real.monotonic() + ahead }
  const first = await startHttp({}, { clock })
  const executor = await join(first)
  executor.send({ type: 'drain' })
  executor.close()
  await expect.poll(async () => (await first.ask('GET', '/api/executors')).json).toEqual([])
  const id = await startRun(first, executor)
  await first.server.stop()
  ahead = 17_000_000
  const http = await startHttp({ home: first.home }, { clock })
  const next = await join(http)
  const run = await next.next('run')
  await next.report(run, [running()])
  await next.report(run, [
    { ...ended('COMPLETED'), marks: { ...run.marks, at: { ...run.marks.at, completed: clock.monotonic() } } },
  ])
  expect((await why(http, id)).summary).toMatch(/most of it waiting for an executor that could take it \(17\.\d s\)/)
})

test('a run that nobody knows', async () => {
  const http = await startHttp()
  const line = await openLine(http)
  line.send(aHello(http))
  const answer = await http.ask('GET', `/api/flow_runs/${crypto.randomUUID()}/why`)
  expect(answer).toMatchObject({ status: 404, json: { code: 'run_not_found' } })
})
