/** Lists, counts, pages and histories, as Prefect's clients ask for them. */
import { expect, test } from 'vitest'
import { startClient, type TestClient } from '../test/client.ts'

/** Three runs of one flow: one waits, one runs, one has failed; the one that runs has a task run and logs. */
async function threeRuns(client: TestClient) {
  const [waits, runs, failed] = [
    await client.run({ name: 'first', tags: ['a'], state: { type: 'SCHEDULED' } }),
    await client.run({ name: 'second', tags: ['a', 'b'] }),
    await client.run({ name: 'third' }),
  ]
  await client.propose(runs.id, 'RUNNING')
  for (const state of ['RUNNING', 'FAILED']) await client.propose(failed.id, state)
  return { waits, runs, failed }
}

const names = (list: { readonly name: string }[]): string[] => list.map(({ name }) => name)

test('filters of several kinds at once, each operator in its place', async () => {
  const client = await startClient()
  const { runs } = await threeRuns(client)
  const listed = async (body: object) => names((await client.post('/flow_runs/filter', { sort: 'NAME_ASC', ...body })).json)
  expect(await listed({})).toEqual(['first', 'second', 'third'])
  expect(await listed({ flow_runs: { state: { type: { not_any_: ['RUNNING'] } } } })).toEqual(['first', 'third'])
  const either = { operator: 'or_', id: { any_: [runs.id.toUpperCase()] }, tags: { is_null_: true } }
  expect(await listed({ flow_runs: either })).toEqual(['second', 'third'])
  expect(await listed({ flows: { name: { like_: 'ANS' } }, deployments: null })).toEqual(['first', 'second', 'third'])
  expect(await listed({ deployments: {} })).toEqual([])
  expect((await client.post('/flow_runs/count', { flow_runs: { tags: { any_: ['b'] } } })).json).toBe(1)
  expect(names((await client.post('/flows/filter', { flow_runs: { name: { any_: ['third'] } } })).json)).toEqual(['answer'])
})

test('a null is as good as nothing; too many, or too few, are refused', async () => {
  const client = await startClient()
  const status = async (body: object) => (await client.post('/flow_runs/filter', body)).status
  expect(await status({ limit: null, offset: null, sort: null, flow_runs: null })).toBe(200)
  expect(await status({ limit: 201 })).toBe(422)
  expect(await status({ offset: -1 })).toBe(422)
  expect(await status({ sort: 'NAME' })).toBe(422)
  expect((await client.post('/flow_runs/paginate', { page: 0 })).status).toBe(422)
})

test('pages have their number, and how many there are', async () => {
  const client = await startClient()
  await threeRuns(client)
  const { json } = await client.post('/flow_runs/paginate', { limit: 2, page: 2, sort: 'NAME_ASC' })
  expect(json).toMatchObject({ count: 3, limit: 2, pages: 2, page: 2, results: [{ name: 'third' }] })
  expect((await client.post('/flow_runs/paginate', { limit: 0 })).json).toEqual({
    results: [],
    count: 3,
    limit: 0,
    pages: 0,
    page: 1,
  })
  for (const kind of ['flows', 'deployments', 'task_runs']) {
    const page = (await client.post(`/${kind}/paginate`)).json
    expect(page).toMatchObject({ limit: 200, page: 1, count: page.results.length })
    expect((await client.post(`/${kind}/count`)).json).toBe(page.count)
  }
})

test('histories have an entry for each interval, also for an empty one', async () => {
  const client = await startClient()
  const { runs } = await threeRuns(client)
  const start = new Date(Date.parse(runs.created) - 60_000).toISOString()
  const end = new Date(Date.parse(runs.created) + 60_000).toISOString()
  const body = { history_start: start, history_end: end, history_interval_seconds: 40 }
  const history = (await client.post('/flow_runs/history', body)).json as {
    states: { state_type: string; count_runs: number }[]
  }[]
  expect(history.map(({ states }) => states.map((one) => `${one.state_type} ${one.count_runs}`))).toEqual([
    [],
    ['FAILED 1', 'RUNNING 1', 'SCHEDULED 1'],
    [],
  ])
  expect((await client.post('/flow_runs/history', { ...body, history_interval_seconds: 0.5 })).status).toBe(422)
  expect((await client.post('/task_runs/history', body)).json).toHaveLength(3)
})

test('a run that runs has an estimate, the same in a list and alone; lateness is a number, or null without a run', async () => {
  const client = await startClient()
  expect((await client.post('/flow_runs/lateness')).json).toBeNull()
  const { runs } = await threeRuns(client)
  const [listed] = (await client.post('/flow_runs/filter', { flow_runs: { id: { any_: [runs.id] } } })).json
  const alone = (await client.get(`/flow_runs/${runs.id}`)).json
  expect(listed.total_run_time).toBe(0)
  expect(listed.estimated_run_time).toBeGreaterThan(0)
  expect(alone.estimated_run_time).toBeGreaterThan(listed.estimated_run_time)
  expect((await client.post('/flow_runs/lateness')).json).toBeGreaterThanOrEqual(0)
})
