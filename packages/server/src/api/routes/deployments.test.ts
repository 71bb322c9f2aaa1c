/** Deployments as Prefect's `serve` makes and changes them, and the poll of its runners. */
import { expect, onTestFinished, test } from 'vitest'
import { FIRST_HOLD_MS } from '../../dispatch/polls.ts'
import { nodeClock } from '../../system/node-ports.ts'
import { connectExecutor, startHttp, type TestHttp } from '../test/start.ts'

async function deploy(http: TestHttp, fields: object = {}) {
  const flow = await http.ask('POST', '/api/flows/', { body: { name: 'answer' } })
  return http.ask('POST', '/api/deployments/', { body: { name: 'served', flow_id: flow.json.id, ...fields } })
}

const run = async (http: TestHttp, id: string, body: object = {}) =>
  (await http.ask('POST', `/api/deployments/${id}/create_flow_run`, { body })).json

const poll = (http: TestHttp, ids: readonly string[], fields: object = {}) =>
  http.ask('POST', '/api/deployments/get_scheduled_flow_runs', {
    body: { deployment_ids: ids, scheduled_before: new Date(Date.now() + 10_000).toISOString(), ...fields },
  })

/** A poll that the server holds. */
async function hold(http: TestHttp, id: string) {
  const answer = poll(http, [id])
  while ((await http.ask('GET', `/api/deployments/${id}`)).json.status !== 'READY');
  return { answer }
}

const claim = (http: TestHttp, runId: string) =>
  http.ask('POST', `/api/flow_runs/${runId}/set_state`, { body: { state: { type: 'PENDING', name: 'Pending' } } })

test('PATCH changes what is given and leaves the rest', async () => {
  const http = await startHttp()
  const made = await deploy(http, { description: 'first', tags: ['a'], parameters: { n: 1 }, version: '1', path: '/code' })
  expect(made.status).toBe(201)
  const path = `/api/deployments/${made.json.id}`
  const body = { paused: true, tags: ['b'], entrypoint: 'a.py:answer', parameters: null, pull_steps: null, version_info: null }
  expect((await http.ask('PATCH', path, { body })).status).toBe(204)
  expect((await http.ask('GET', path)).json).toMatchObject({
    paused: true,
    tags: ['b'],
    entrypoint: 'a.py:answer',
    description: 'first',
    parameters: { n: 1 },
    version: '1',
    path: '/code',
  })
  expect((await http.ask('PATCH', path, { body: { description: null } })).status).toBe(204)
  expect((await http.ask('GET', path)).json).toMatchObject({ description: null, paused: true })
  const typo = await http.ask('PATCH', path, { body: { pausd: false } })
  expect(typo).toMatchObject({ status: 422, json: { exception_detail: [{ suggestion: 'paused' }] } })
  const nobody = '/api/deployments/00000000-0000-4000-8000-000000000000'
  expect((await http.ask('PATCH', nobody, { body: {} })).status).toBe(404)
})

test('made again by name it is changed, and keeps what was not sent', async () => {
  const http = await startHttp()
  const made = await deploy(http, { description: 'first', paused: true, labels: { team: 'a' } })
  const again = await deploy(http, { tags: ['x'], schedules: [] })
  expect(again).toMatchObject({ status: 200, json: { id: made.json.id, description: 'first', paused: true, tags: ['x'] } })
})

test('a schema that is changed holds for the next run', async () => {
  const http = await startHttp()
  const schema = (type: string) => ({ type: 'object', properties: { n: { type } }, required: ['n'] })
  const { json } = await deploy(http, { parameter_openapi_schema: schema('string') })
  const start = (n: unknown) => http.ask('POST', `/api/deployments/${json.id}/create_flow_run`, { body: { parameters: { n } } })
  expect((await start(1)).status).toBe(409)
  await http.ask('PATCH', `/api/deployments/${json.id}`, { body: { parameter_openapi_schema: schema('integer') } })
  expect([(await start(1)).status, (await start('x')).status]).toEqual([201, 409])
  await http.ask('PATCH', `/api/deployments/${json.id}`, { body: { enforce_parameter_schema: false } })
  expect((await start('x')).status).toBe(201)
})

test.each(['concurrency_limit', 'work_pool_name', 'job_variables', 'concurrency_options'])(
  'what asks for %s is refused with a sentence',
  async (field) => {
    const http = await startHttp()
    const value = { concurrency_limit: 2, work_pool_name: 'pool', job_variables: { a: 1 }, concurrency_options: { a: 'b' } }[
      field
    ]
    const answer = await deploy(http, { [field]: value })
    expect(answer).toMatchObject({ status: 501, json: { code: 'not_implemented', exception_detail: [{ loc: [field] }] } })
    expect((await deploy(http, { concurrency_limit: null, work_pool_name: null, job_variables: {} })).status).toBe(201)
  },
)

test('inactive schedules are stored, listed, changed and deleted; an active one is refused', async () => {
  const http = await startHttp()
  const inactive = { schedule: { interval: 'PT1H' }, active: false, slug: 'hourly', parameters: { n: 2 } }
  const refused = await deploy(http, { schedules: [{ schedule: { cron: '0 * * * *' } }] })
  expect(refused).toMatchObject({
    status: 501,
    json: { exception_message: expect.stringContaining('schedules are not run here yet') },
  })
  const { json } = await deploy(http, { schedules: [inactive] })
  const path = `/api/deployments/${json.id}`
  expect(json.schedules).toMatchObject([
    {
      deployment_id: json.id,
      active: false,
      slug: 'hourly',
      parameters: { n: 2 },
      schedule: { interval: 3_600, timezone: 'UTC' },
    },
  ])
  const more = await http.ask('POST', `${path}/schedules`, {
    body: [{ schedule: { cron: '5 4 * * *', timezone: 'Europe/Berlin' }, active: false, slug: 'daily' }],
  })
  expect(more).toMatchObject({
    status: 201,
    json: [{ schedule: { cron: '5 4 * * *', timezone: 'Europe/Berlin', day_or: true } }],
  })
  const [hourly, daily] = (await http.ask('GET', `${path}/schedules`)).json
  const changed = { schedule: { rrule: 'FREQ=DAILY' } }
  expect((await http.ask('PATCH', `${path}/schedules/${daily.id}`, { body: changed })).status).toBe(204)
  expect((await http.ask('PATCH', `${path}/schedules/${daily.id}`, { body: { active: true } })).status).toBe(501)
  const withSlugs = { schedules: [{ slug: 'hourly', parameters: { n: 3 }, active: false }] }
  expect((await http.ask('PATCH', path, { body: withSlugs })).status).toBe(204)
  expect((await http.ask('GET', path)).json.schedules).toMatchObject([
    { id: hourly.id, parameters: { n: 3 }, schedule: { interval: 3_600 } },
    { id: daily.id, schedule: { rrule: 'FREQ=DAILY' } },
  ])
  const nameless = await http.ask('PATCH', path, { body: { schedules: [{ schedule: { interval: 60 }, active: false }] } })
  expect(nameless).toMatchObject({ status: 422, json: { exception_detail: [{ loc: ['schedules', 0, 'slug'] }] } })
  expect((await http.ask('DELETE', `${path}/schedules/${daily.id}`)).status).toBe(204)
  expect((await http.ask('DELETE', `${path}/schedules/${daily.id}`)).status).toBe(404)
  expect((await http.ask('GET', `${path}/schedules`)).json).toHaveLength(1)
})

test('a poll is answered at once where a run waits, and held until one comes', async () => {
  const http = await startHttp()
  const { json } = await deploy(http)
  const waiting = await run(http, json.id, { name: 'waits', parameters: { n: 1 } })
  const first = await poll(http, [json.id])
  expect(first.json).toMatchObject([{ id: waiting.id, name: 'waits', parameters: { n: 1 }, state_type: 'SCHEDULED' }])
  expect((await claim(http, waiting.id)).json.status).toBe('ACCEPT')
  let answered = false
  const held = poll(http, [json.id]).finally(() => {
    answered = true
  })
  expect((await http.ask('GET', `/api/deployments/${json.id}`)).json.status).toBe('READY')
  expect(answered).toBe(false)
  const made = await run(http, json.id)
  expect((await held).json.map(({ id }: { id: string }) => id)).toEqual([made.id])
})

test('runs that come together are told together, oldest due first, and at most as many as were asked for', async () => {
  const http = await startHttp()
  const { json } = await deploy(http)
  const at = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString()
  const scheduled = (seconds: number) => ({ state: { type: 'SCHEDULED', state_details: { scheduled_time: at(seconds) } } })
  const later = await run(http, json.id, scheduled(5))
  const sooner = await run(http, json.id, scheduled(2))
  await run(http, json.id, scheduled(60))
  expect((await poll(http, [json.id], { limit: 1 })).json.map(({ id }: { id: string }) => id)).toEqual([sooner.id])
  expect((await poll(http, [json.id])).json.map(({ id }: { id: string }) => id)).toEqual([later.id])
})

test('a run is told to one runner at a time; one that nobody claims is told to the next', async () => {
  const http = await startHttp()
  const { json } = await deploy(http)
  const [one, two] = [poll(http, [json.id]), poll(http, [json.id])]
  await http.ask('GET', `/api/deployments/${json.id}`)
  const made = await run(http, json.id)
  const first = await Promise.race([one.then(() => 'one'), two.then(() => 'two')])
  const [told, other] = first === 'one' ? [one, two] : [two, one]
  expect((await told).json).toMatchObject([{ id: made.id }])
  const again = await other // after 2 s without a claim
  expect(again.json).toMatchObject([{ id: made.id, state_type: 'SCHEDULED' }])
  const answers = await Promise.all([claim(http, made.id), claim(http, made.id)])
  expect(answers.map(({ json: { status } }) => status).sort()).toEqual(['ABORT', 'ACCEPT'])
})

test('a run of a paused deployment is told, as with Prefect: pausing stops schedules alone for runners', async () => {
  const http = await startHttp()
  const { json } = await deploy(http, { paused: true })
  const made = await run(http, json.id)
  expect((await poll(http, [json.id])).json).toMatchObject([{ id: made.id }])
})

test('a run that an executor of ours takes is no runner’s', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  onTestFinished(executor.close)
  const { json } = await deploy(http)
  const held = poll(http, [executor.deploymentId, json.id])
  await http.ask('GET', '/api/health')
  await run(http, executor.deploymentId)
  await executor.next('run')
  const made = await run(http, json.id)
  expect((await held).json.map(({ id }: { id: string }) => id)).toEqual([made.id])
})

test('a deployment is READY with its last poll for a minute, and in lists too', async () => {
  const http = await startHttp()
  const { json } = await deploy(http)
  expect(json).toMatchObject({ status: 'NOT_READY', last_polled: null })
  await run(http, json.id)
  await poll(http, [json.id])
  const found = (await http.ask('GET', `/api/deployments/${json.id}`)).json
  expect(found.status).toBe('READY')
  expect(Math.abs(Date.parse(found.last_polled) - Date.now())).toBeLessThan(10_000)
  expect((await http.ask('POST', '/api/deployments/filter', { body: {} })).json[0].status).toBe('READY')
})

test('a run that no runner takes is Late after 15 s, and is told all the same', async () => {
  const clock = nodeClock()
  let ahead = 0
  const http = await startHttp({}, { clock: { ...clock, now: () => clock.now() + ahead } })
  const { json } = await deploy(http)
  const made = await run(http, json.id)
  ahead = 16_000_000
  let { state_name: name } = made
  while (name === 'Scheduled') name = (await http.ask('GET', `/api/flow_runs/${made.id}`)).json.state_name
  expect(name).toBe('Late')
  expect((await poll(http, [json.id])).json).toMatchObject([{ id: made.id, state_name: 'Late' }])
  expect((await claim(http, made.id)).json.status).toBe('ACCEPT')
})

test('the first poll is answered after a while, and the next ones are held', async () => {
  const clock = nodeClock()
  const quick = (ms: number) => (ms === FIRST_HOLD_MS ? 50 : ms)
  const http = await startHttp({}, { clock: { ...clock, after: (ms, then) => clock.after(quick(ms), then) } })
  const { json } = await deploy(http)
  expect((await poll(http, [json.id])).json).toEqual([])
  const held = poll(http, [json.id])
  const other = await deploy(http, { name: 'other' })
  expect((await poll(http, [json.id, other.json.id])).json).toEqual([])
  const made = await run(http, json.id)
  expect((await held).json).toMatchObject([{ id: made.id }])
})

test('a deployment is still READY after a long poll', async () => {
  const clock = nodeClock()
  let ahead = 0
  const http = await startHttp({}, { clock: { ...clock, now: () => clock.now() + ahead } })
  const { json } = await deploy(http)
  const { answer } = await hold(http, json.id)
  ahead = 600_000_000
  await run(http, json.id)
  await answer
  expect((await http.ask('GET', `/api/deployments/${json.id}`)).json.status).toBe('READY')
})

test('a server that stops answers its polls with nothing: no runner counts that as a failure', async () => {
  const http = await startHttp()
  const { json } = await deploy(http)
  const { answer } = await hold(http, json.id)
  await http.server.stop()
  expect(await answer).toMatchObject({ status: 200, json: [] })
})

test('a run of a deployment knows its parent, its context and its policy', async () => {
  const http = await startHttp()
  const { json } = await deploy(http)
  const parent = '01a20cdc-73f4-737d-a897-a8a9b69a11da'
  const made = await run(http, json.id, {
    name: null,
    parent_task_run_id: parent,
    context: { a: 1 },
    empirical_policy: { retries: 2, retry_delay: 5, pause_keys: [], resuming: false },
    job_variables: {},
  })
  expect(made).toMatchObject({ parent_task_run_id: parent, context: { a: 1 }, empirical_policy: { retries: 2, retry_delay: 5 } })
  const plain = await run(http, json.id, { empirical_policy: { retries: null, max_retries: 0, pause_keys: [] } })
  expect(plain).toMatchObject({ parent_task_run_id: null, context: {} })
})
