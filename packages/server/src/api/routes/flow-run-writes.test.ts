import { describe, expect, test } from 'vitest'
import { startClient, type TestClient } from '../test/client.ts'

const UNKNOWN = '018bcfe5-6800-7000-8000-00000000dead'

async function deploymentOf(client: TestClient): Promise<string> {
  return (await client.post('/deployments/', { name: 'main', flow_id: await client.flow() })).json.id
}

describe('a run that its client creates', () => {
  test('is Pending, and has all that was given', async () => {
    const client = await startClient()
    const flowId = await client.flow()
    const given = {
      flow_id: flowId,
      name: 'mine',
      flow_version: 'v1',
      parameters: { n: 1 },
      context: { a: 1 },
      tags: ['x', 'x'],
      labels: { team: 'a' },
      empirical_policy: { retries: 2, retry_delay: 5 },
    }
    const { status, json } = await client.post('/flow_runs/', given)
    expect(status).toBe(201)
    expect(json).toMatchObject({
      name: 'mine',
      flow_version: 'v1',
      parameters: { n: 1 },
      context: { a: 1 },
      tags: ['x'],
      labels: { team: 'a', 'prefect.flow.id': flowId },
      state_type: 'PENDING',
      run_count: 0,
      deployment_id: null,
    })
    expect(json.empirical_policy).toMatchObject({ retries: 2, retry_delay: 5, pause_keys: [], resuming: false })
    const { estimated_start_time_delta: _, ...lasting } = json
    expect((await client.get(`/flow_runs/${json.id}`)).json).toMatchObject(lasting)
  })

  test('may begin in another state', async () => {
    const client = await startClient()
    expect(await client.run({ state: { type: 'RUNNING', name: 'Busy' } })).toMatchObject({ state_name: 'Busy', run_count: 1 })
  })

  test('is created once for an idempotency key', async () => {
    const client = await startClient()
    const first = await client.run({ idempotency_key: 'k' })
    const again = await client.post('/flow_runs/', { flow_id: await client.flow(), idempotency_key: 'k' })
    expect(again).toMatchObject({ status: 200, json: { id: first.id } })
  })

  test('needs a flow, and takes no unknown field', async () => {
    const client = await startClient()
    expect(await client.post('/flow_runs/', { flow_id: UNKNOWN })).toMatchObject({
      status: 404,
      json: { code: 'flow_not_found' },
    })
    expect(await client.post('/flow_runs/', { flow_id: await client.flow(), parmeters: {} })).toMatchObject({ status: 422 })
    expect(await client.post('/flow_runs/', { flow_id: await client.flow(), work_pool_name: 'p' })).toMatchObject({ status: 501 })
  })

  test('has its states, and each is an event', async () => {
    const client = await startClient()
    const { id } = await client.run()
    await client.propose(id, 'RUNNING')
    const done = await client.propose(id, { type: 'COMPLETED', data: { storage_key: 'k' } })
    expect(done).toMatchObject({ status: 201, json: { status: 'ACCEPT', details: { type: 'accept_details' } } })
    expect(done.json.state).toMatchObject({ type: 'COMPLETED', data: { storage_key: 'k' }, state_details: { flow_run_id: id } })
    const states = (await client.get(`/flow_run_states/?flow_run_id=${id}`)).json
    expect(states.map(({ name }: { name: string }) => name)).toEqual(['Pending', 'Running', 'Completed'])
    const event = (await client.get(`/events/${done.json.state.id}`)).json
    expect(event).toMatchObject({ event: 'prefect.flow-run.Completed', follows: states[1].id })
  })
})

describe('what a proposal is answered', () => {
  test('REJECT with the state that was written in its place', async () => {
    const client = await startClient()
    const { id } = await client.run({ state: { type: 'RUNNING' }, empirical_policy: { retries: 1, retry_delay: 9 } })
    const failed = await client.propose(id, { type: 'FAILED', message: 'no' })
    expect(failed).toMatchObject({
      status: 201,
      json: { status: 'REJECT', details: { type: 'reject_details', reason: 'Retrying' } },
    })
    expect(failed.json.state).toMatchObject({ type: 'SCHEDULED', name: 'AwaitingRetry', message: 'no' })
    expect((await client.get(`/flow_runs/${id}`)).json.empirical_policy).toMatchObject({ retry_type: 'in_process' })
    const early = await client.propose(id, 'RUNNING')
    expect(early).toMatchObject({
      status: 200,
      json: { status: 'WAIT', details: { type: 'wait_details' }, state: { name: 'AwaitingRetry' } },
    })
    expect(early.json.details.delay_seconds).toBeGreaterThan(7)
  })

  test('REJECT with the state that stays', async () => {
    const client = await startClient()
    const { id } = await client.run({ state: { type: 'CANCELLING' } })
    expect(await client.propose(id, 'COMPLETED')).toMatchObject({
      status: 200,
      json: { status: 'REJECT', state: { type: 'CANCELLING' } },
    })
  })

  test('ABORT with the state that stays', async () => {
    const client = await startClient()
    const { id } = await client.run()
    const answer = await client.propose(id, 'PENDING')
    expect(answer).toMatchObject({
      status: 200,
      json: { status: 'ABORT', details: { type: 'abort_details' }, state: { type: 'PENDING' } },
    })
  })

  test('a forced state is taken', async () => {
    const client = await startClient()
    const { id } = await client.run({ state: { type: 'COMPLETED' } })
    expect(await client.propose(id, 'FAILED', { force: true })).toMatchObject({ status: 201, json: { status: 'ACCEPT' } })
  })

  test('the same transition twice makes one state', async () => {
    const client = await startClient()
    const { id } = await client.run()
    const running = { type: 'RUNNING', state_details: { transition_id: UNKNOWN } }
    const first = await client.propose(id, running)
    const again = await client.propose(id, running)
    expect(again).toMatchObject({ status: 200, json: { status: 'REJECT', state: { id: first.json.state.id } } })
  })
})

describe('changes of a run', () => {
  test('what is given is changed, the rest stays', async () => {
    const client = await startClient()
    const { id } = await client.run({ parameters: { n: 1 }, tags: ['a'], flow_version: 'v1' })
    expect(await client.patch(`/flow_runs/${id}`, { name: 'renamed', infrastructure_pid: '7' })).toMatchObject({ status: 204 })
    expect((await client.get(`/flow_runs/${id}`)).json).toMatchObject({
      name: 'renamed',
      infrastructure_pid: '7',
      parameters: { n: 1 },
      tags: ['a'],
      flow_version: 'v1',
    })
  })

  test('a policy that comes later counts', async () => {
    const client = await startClient()
    const { id } = await client.run({ state: { type: 'RUNNING' } })
    await client.patch(`/flow_runs/${id}`, { empirical_policy: { retries: 1, retry_delay: 0 } })
    expect(await client.propose(id, 'FAILED')).toMatchObject({ json: { status: 'REJECT', state: { name: 'AwaitingRetry' } } })
  })

  test('job variables change while a run of a deployment is scheduled', async () => {
    const client = await startClient()
    const scheduled = { deployment_id: await deploymentOf(client), state: { type: 'SCHEDULED' } }
    const waiting = await client.run(scheduled)
    expect(await client.patch(`/flow_runs/${waiting.id}`, { job_variables: { image: 'x' } })).toMatchObject({ status: 204 })
    const { id } = await client.run()
    expect(await client.patch(`/flow_runs/${id}`, { job_variables: {} })).toMatchObject({
      status: 409,
      json: { code: 'wrong_state' },
    })
  })

  test('labels come beside those it has', async () => {
    const client = await startClient()
    const { id } = await client.run({ labels: { a: 1 } })
    expect(await client.patch(`/flow_runs/${id}/labels`, { b: true, a: 2 })).toMatchObject({ status: 204 })
    expect((await client.get(`/flow_runs/${id}`)).json.labels).toMatchObject({ a: 2, b: true })
  })

  test('of a run that is not there', async () => {
    const client = await startClient()
    expect(await client.patch(`/flow_runs/${UNKNOWN}`, { name: 'x' })).toMatchObject({
      status: 404,
      json: { code: 'run_not_found' },
    })
    expect(await client.patch(`/flow_runs/${UNKNOWN}/labels`, {})).toMatchObject({ status: 404 })
  })
})

describe('pauses', () => {
  const KEYS = { schema: 'paused-1-schema', response: 'paused-1-response' }

  test('a run that waits in its process goes on as the same attempt', async () => {
    const client = await startClient()
    const { id } = await client.run({ state: { type: 'RUNNING' } })
    await client.propose(id, { type: 'PAUSED', state_details: { pause_key: 'a' } })
    const resumed = await client.post(`/flow_runs/${id}/resume`, {})
    expect(resumed).toMatchObject({ status: 201, json: { status: 'ACCEPT', state: { type: 'RUNNING' } } })
    const again = await client.propose(id, { type: 'PAUSED', state_details: { pause_key: 'a' } })
    expect(again).toMatchObject({ status: 200, json: { status: 'REJECT', state: { type: 'RUNNING' } } })
  })

  test('a suspended one is scheduled again', async () => {
    const client = await startClient()
    const { id } = await client.run({ deployment_id: await deploymentOf(client), state: { type: 'RUNNING' } })
    const suspended = { type: 'PAUSED', name: 'Suspended', state_details: { pause_reschedule: true } }
    expect(await client.propose(id, suspended)).toMatchObject({ json: { status: 'ACCEPT' } })
    expect(await client.post(`/flow_runs/${id}/resume`)).toMatchObject({ status: 201, json: { state: { name: 'Resuming' } } })
    await client.propose(id, 'PENDING')
    await client.propose(id, 'RUNNING')
    expect((await client.get(`/flow_runs/${id}`)).json).toMatchObject({ run_count: 1, empirical_policy: { resuming: false } })
  })

  test('a run that is not paused cannot be resumed', async () => {
    const client = await startClient()
    const { id } = await client.run({ state: { type: 'RUNNING' } })
    expect(await client.post(`/flow_runs/${id}/resume`)).toMatchObject({ status: 200, json: { status: 'ABORT' } })
    expect(await client.post(`/flow_runs/${UNKNOWN}/resume`)).toMatchObject({ status: 404 })
  })

  test('after its time limit it fails', async () => {
    const client = await startClient()
    const { id } = await client.run({ state: { type: 'RUNNING' } })
    await client.propose(id, { type: 'PAUSED', state_details: { pause_timeout: '2020-01-01T00:00:00Z' } })
    expect(await client.post(`/flow_runs/${id}/resume`)).toMatchObject({
      status: 201,
      json: { status: 'REJECT', state: { type: 'FAILED' } },
    })
  })

  test('the input that it waits for is checked and kept', async () => {
    const client = await startClient()
    const { id } = await client.run({ state: { type: 'RUNNING' } })
    const schema = JSON.stringify({ type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] })
    await client.post(`/flow_runs/${id}/input`, { key: KEYS.schema, value: schema })
    await client.propose(id, { type: 'PAUSED', state_details: { run_input_keyset: KEYS } })
    const refused = await client.post(`/flow_runs/${id}/resume`, { run_input: { n: 'x' } })
    expect(refused).toMatchObject({ status: 200, json: { status: 'REJECT', state: { type: 'PAUSED' } } })
    expect(refused.json.details.reason).toContain('n')
    expect(await client.post(`/flow_runs/${id}/resume`, { run_input: { n: 3 } })).toMatchObject({ json: { status: 'ACCEPT' } })
    expect((await client.get(`/flow_runs/${id}/input/${KEYS.response}`)).text).toBe('{"n":3}')
  })
})

describe('inputs of a run', () => {
  test('are text, each key once, oldest first', async () => {
    const client = await startClient()
    const { id } = await client.run()
    const add = (key: string, value: string) => client.post(`/flow_runs/${id}/input`, { key, value, sender: 'me' })
    expect(await add('p-1', '"ä"')).toMatchObject({ status: 201 })
    await add('p-2', '2')
    await add('q-1', '3')
    expect(await add('p-1', 'other')).toMatchObject({ status: 409, json: { code: 'input_exists' } })
    const first = await client.get(`/flow_runs/${id}/input/p-1`)
    expect(first).toMatchObject({ status: 200, text: '"ä"' })
    expect(first.headers['content-type']).toContain('text/plain')
    const found = await client.post(`/flow_runs/${id}/input/filter`, { prefix: 'p-', limit: 5, exclude_keys: ['p-1'] })
    expect(found.json).toMatchObject([{ key: 'p-2', value: '2', sender: 'me', flow_run_id: id }])
    expect((await client.post(`/flow_runs/${id}/input/filter`, { prefix: 'p-' })).json).toHaveLength(1)
  })

  test('can be deleted, once', async () => {
    const client = await startClient()
    const { id } = await client.run()
    await client.post(`/flow_runs/${id}/input`, { key: 'k', value: '1' })
    const remove = () => client.ask('DELETE', `/api/flow_runs/${id}/input/k`)
    expect(await remove()).toMatchObject({ status: 204 })
    expect(await remove()).toMatchObject({ status: 404 })
    expect(await client.get(`/flow_runs/${id}/input/k`)).toMatchObject({ status: 404, json: { code: 'not_found' } })
    expect(await client.post(`/flow_runs/${UNKNOWN}/input`, { key: 'k', value: '1' })).toMatchObject({ status: 404 })
  })
})
