/** Live log lines on a real server. */
import { expect, test } from 'vitest'
import { connectExecutor, startHttp, type TestHttp } from './test/start.ts'
import { subscribe } from './test/subscriber.ts'

const RUN = '01a20cdc-73f4-737d-a897-a8a9b69a11da'
const OTHER = '01a20cdc-73f4-737d-a897-a8a9b69a11db'

const line = (message: string, fields: object = {}) => ({
  name: 'prefect.flow_runs',
  level: 20,
  message,
  timestamp: new Date().toISOString(),
  flow_run_id: RUN,
  ...fields,
})

async function write(http: TestHttp, ...lines: object[]): Promise<void> {
  expect((await http.ask('POST', '/api/logs/', { body: lines })).status).toBe(201)
}

const messages = (logs: readonly { message: string }[]): string[] => logs.map(({ message }) => message)
const lately = { after_: new Date(Date.now() - 60_000).toISOString() }

test('lines of a run are told: those of the last minute, and those that come, each once and in order', async () => {
  const http = await startHttp()
  await write(http, line('one'), line('of another', { flow_run_id: OTHER }))
  const subscriber = await subscribe(http, { of: 'logs', filter: { flow_run_id: { any_: [RUN] }, timestamp: lately } })
  await subscriber.count(1)
  await write(http, line('two'), line('of another', { flow_run_id: OTHER }), line('three'))
  expect(messages(await subscriber.count(3))).toEqual(['one', 'two', 'three'])
  expect(subscriber.events[0]).toMatchObject({ level: 20, flow_run_id: RUN, task_run_id: null, name: 'prefect.flow_runs' })
})

test('by level, by task run and by text', async () => {
  const http = await startHttp()
  const filters = [
    { level: { ge_: 40 } },
    { task_run_id: { any_: [OTHER] } },
    { text: { query: '"LOUD and" -quiet' } },
    { operator: 'or_', level: { ge_: 40 }, text: { query: 'nothing' } },
  ]
  const all = await Promise.all(filters.map((filter) => subscribe(http, { of: 'logs', filter })))
  await Promise.all(all.map(({ pong }) => pong()))
  const wanted = line('loud and clear', { level: 40, task_run_id: OTHER })
  await write(http, line('quiet'), wanted, line('loud', { task_run_id: RUN }))
  for (const { count } of all) expect(messages(await count(1))).toEqual(['loud and clear'])
})

test('lines of our own executors are told too', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const subscriber = await subscribe(http, { of: 'logs' })
  await subscriber.pong()
  await http.ask('POST', `/api/deployments/${executor.deploymentId}/create_flow_run`, { body: {} })
  const run = await executor.next('run')
  const item = { kind: 'log', id: OTHER, task_run_id: null, name: 'flow', level: 20, message: 'hello', at: 1 }
  await executor.report(run, [item])
  expect(messages(await subscriber.count(1))).toEqual(['hello'])
})

test('a line larger than what may wait for a subscriber reaches one that had taken everything before it', async () => {
  const http = await startHttp({ bodyBytesMax: 40_000_000 })
  const large = 'x'.repeat(30_000_000)
  const live = await subscribe(http, { of: 'logs' })
  await live.pong()
  await write(http, line(large))
  expect((await live.count(1))[0].message.length).toBe(large.length)
  await live.pong()
  await write(http, line('small'))
  expect((await live.count(2))[1].message).toBe('small')
  const later = await subscribe(http, { of: 'logs', filter: { timestamp: lately } })
  expect((await later.count(2)).map(({ message }) => message.length)).toEqual([large.length, 5])
})

test('what is no filter of lines ends the connection', async () => {
  const http = await startHttp()
  const subscriber = await subscribe(http, { of: 'logs', filter: { levl: 1 } })
  expect(await subscriber.closed).toMatchObject({ code: 1002, reason: expect.stringContaining('level') })
})
