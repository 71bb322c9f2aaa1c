import { describe, expect, test } from 'vitest'
import { startClient, type TestClient } from '../test/client.ts'

const UNKNOWN = '018bcfe5-6800-7000-8000-00000000dead'

async function taskRun(client: TestClient, flowRunId: string, fields: Record<string, unknown> = {}) {
  const body = { flow_run_id: flowRunId, task_key: 'child', dynamic_key: '0', ...fields }
  return client.post('/task_runs/', body)
}

const namesOf = async (client: TestClient, id: string): Promise<string[]> =>
  (await client.get(`/task_run_states/?task_run_id=${id}`)).json.map(({ name }: { name: string }) => name)

describe('task runs that a client creates', () => {
  test('have all that was given', async () => {
    const client = await startClient()
    const run = await client.run({ state: { type: 'RUNNING' } })
    const given = {
      name: 'child-0',
      task_version: 'v',
      tags: ['a'],
      task_inputs: { x: [{ input_type: 'constant', type: 'int' }] },
      empirical_policy: { retries: 1, retry_delay: [1, 2] },
    }
    const { status, json } = await taskRun(client, run.id, given)
    expect(status).toBe(201)
    expect(json).toMatchObject({ ...given, flow_run_id: run.id, state_type: 'PENDING', run_count: 0 })
    const { estimated_start_time_delta: _, ...lasting } = json
    expect((await client.get(`/task_runs/${json.id}`)).json).toMatchObject(lasting)
  })

  test('are found again by their keys', async () => {
    const client = await startClient()
    const run = await client.run()
    const first = await taskRun(client, run.id)
    expect(await taskRun(client, run.id)).toMatchObject({ status: 200, json: { id: first.json.id } })
    expect((await taskRun(client, run.id, { dynamic_key: '1' })).json.id).not.toBe(first.json.id)
  })

  test('can be renamed and deleted', async () => {
    const client = await startClient()
    const { id } = (await taskRun(client, (await client.run()).id)).json
    expect(await client.patch(`/task_runs/${id}`, { name: 'better' })).toMatchObject({ status: 204 })
    expect((await client.get(`/task_runs/${id}`)).json.name).toBe('better')
    expect(await client.ask('DELETE', `/api/task_runs/${id}`)).toMatchObject({ status: 204 })
    expect(await client.get(`/task_runs/${id}`)).toMatchObject({ status: 404, json: { code: 'task_run_not_found' } })
    expect(await client.patch(`/task_runs/${id}`, { name: 'x' })).toMatchObject({ status: 404 })
  })
})

describe('states of a task run', () => {
  test('are proposed as those of flow runs are', async () => {
    const client = await startClient()
    const run = await client.run()
    const { id } = (await taskRun(client, run.id)).json
    const propose = (state: string | object) =>
      client.post(`/task_runs/${id}/set_state`, { state: typeof state === 'string' ? { type: state } : state })
    expect(await propose('RUNNING')).toMatchObject({ status: 200, json: { status: 'ABORT', details: { type: 'abort_details' } } })
    await client.propose(run.id, 'RUNNING')
    const running = await propose('RUNNING')
    expect(running).toMatchObject({
      status: 201,
      json: { status: 'ACCEPT', state: { state_details: { task_run_id: id, flow_run_id: run.id } } },
    })
    await propose('COMPLETED')
    expect((await client.get(`/task_runs/${id}`)).json).toMatchObject({
      run_count: 1,
      flow_run_run_count: 1,
      state_type: 'COMPLETED',
    })
    expect(await namesOf(client, id)).toEqual(['Pending', 'Running', 'Completed'])
    expect((await client.get(`/task_run_states/${running.json.state.id}`)).json.name).toBe('Running')
    expect(await client.get(`/task_run_states/${UNKNOWN}`)).toMatchObject({ status: 404 })
  })

  test('of a task run that is not there', async () => {
    const client = await startClient()
    const answer = await client.post(`/task_runs/${UNKNOWN}/set_state`, { state: { type: 'RUNNING' } })
    expect(answer).toMatchObject({ status: 404, json: { code: 'task_run_not_found' } })
  })
})

describe('a subflow', () => {
  test('is shown by its task run in the run of its parent', async () => {
    const client = await startClient()
    const parent = await client.run({ state: { type: 'RUNNING' } })
    const dummy = (await taskRun(client, parent.id)).json
    const child = await client.run({ parent_task_run_id: dummy.id })
    await client.propose(child.id, 'RUNNING')
    const done = await client.propose(child.id, { type: 'COMPLETED', name: 'Fine', message: 'all good' })
    expect(done.json.state.state_details).toMatchObject({ flow_run_id: child.id, task_run_id: dummy.id })
    const shown = (await client.get(`/task_runs/${dummy.id}`)).json
    expect(shown).toMatchObject({ state_name: 'Fine', run_count: 1 })
    expect(shown.state).toMatchObject({
      message: 'all good',
      state_details: { child_flow_run_id: child.id, flow_run_id: parent.id, task_run_id: dummy.id },
    })
    expect(shown.state.id).not.toBe(done.json.state.id)
    expect(await namesOf(client, dummy.id)).toEqual(['Pending', 'Pending', 'Running', 'Fine'])
  })

  test('goes on when the run of its parent is deleted', async () => {
    const client = await startClient()
    const parent = await client.run({ state: { type: 'RUNNING' } })
    const dummy = (await taskRun(client, parent.id)).json
    const child = await client.run({ parent_task_run_id: dummy.id })
    await client.ask('DELETE', `/api/flow_runs/${parent.id}`)
    expect(await client.propose(child.id, 'RUNNING')).toMatchObject({ status: 201, json: { status: 'ACCEPT' } })
  })
})

test('a task with a tag is limited by nothing', async () => {
  const client = await startClient()
  const body = { names: ['tag:a'], slots: 1, mode: 'concurrency', lease_duration: 60 }
  const { status, json } = await client.post('/v2/concurrency_limits/increment-with-lease', body)
  expect(status).toBe(200)
  expect(json.limits).toEqual([])
  expect(await client.post('/v2/concurrency_limits/decrement-with-lease', { lease_id: json.lease_id })).toMatchObject({
    status: 204,
  })
  expect(await client.post('/v2/concurrency_limits/', { name: 'a', limit: 1 })).toMatchObject({ status: 501 })
})
