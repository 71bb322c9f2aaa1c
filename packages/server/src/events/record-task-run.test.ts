import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { startClient, type TestClient } from '../api/test/client.ts'

interface Told {
  readonly id?: string
  readonly taskRunId: string
  readonly flowRunId: string | null
  readonly type: string
  readonly name?: string
  /** Seconds after a fixed moment. */
  readonly at: number
  readonly follows?: string
  readonly taskRun?: Record<string, unknown>
}

const moment = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString()

/** An event as Prefect's client sends it. */
function told({ id = randomUUID(), taskRunId, flowRunId, type, name, at, follows, taskRun = {} }: Told) {
  const state = name ?? `${type[0]}${type.slice(1).toLowerCase()}`
  return {
    id,
    occurred: moment(at),
    event: `prefect.task-run.${state}`,
    resource: { 'prefect.resource.id': `prefect.task-run.${taskRunId}`, 'prefect.orchestration': 'client' },
    related:
      flowRunId === null ? [] : [{ 'prefect.resource.id': `prefect.flow-run.${flowRunId}`, 'prefect.resource.role': 'flow-run' }],
    payload: {
      intended: { from: null, to: type },
      initial_state: null,
      validated_state: { type, name: state, message: '', state_details: { retriable: true }, data: null },
      task_run: {
        name: 'add-0',
        task_key: 'add',
        dynamic_key: taskRunId,
        empirical_policy: { retries: 1, retry_delay: 0 },
        tags: ['t'],
        task_inputs: { x: [] },
        run_count: type === 'PENDING' ? 0 : 1,
        flow_run_run_count: 1,
        start_time: type === 'PENDING' ? undefined : moment(1),
        total_run_time: 0.5,
        ...taskRun,
      },
    },
    ...(follows === undefined ? {} : { follows }),
  }
}

const namesOf = async (client: TestClient, id: string): Promise<string[]> =>
  (await client.get(`/task_run_states/?task_run_id=${id}`)).json.map(({ name }: { name: string }) => name)

async function begin() {
  const client = await startClient()
  const run = await client.run({ state: { type: 'RUNNING' } })
  const of = { taskRunId: randomUUID(), flowRunId: run.id as string }
  const [pending, running, completed] = [
    told({ ...of, type: 'PENDING', at: 0 }),
    told({ ...of, type: 'RUNNING', at: 1 }),
    told({ ...of, type: 'COMPLETED', at: 2, taskRun: { end_time: moment(2) } }),
  ]
  return { client, run, of, pending, running, completed, send: (events: unknown) => client.post('/events', events) }
}

describe('task runs that clients tell of', () => {
  test('have what was told of them', async () => {
    const { client, run, of, pending, running, completed, send } = await begin()
    for (const event of [pending, running, completed]) expect(await send(event)).toMatchObject({ status: 204 })
    expect((await client.get(`/task_runs/${of.taskRunId}`)).json).toMatchObject({
      flow_run_id: run.id,
      name: 'add-0',
      task_key: 'add',
      tags: ['t'],
      run_count: 1,
      flow_run_run_count: 1,
      state_id: completed.id,
      state_type: 'COMPLETED',
      start_time: '2026-01-01T00:00:01.000000Z',
      end_time: '2026-01-01T00:00:02.000000Z',
      total_run_time: 0.5,
      empirical_policy: { retries: 1 },
      task_inputs: { x: [] },
      state: { state_details: { task_run_id: of.taskRunId, flow_run_id: run.id, retriable: true } },
    })
    expect(await namesOf(client, of.taskRunId)).toEqual(['Pending', 'Running', 'Completed'])
    expect((await client.get(`/events/${running.id}`)).json).toMatchObject({ event: 'prefect.task-run.Running' })
  })

  test.each([
    ['in one request', (events: unknown[]) => [events]],
    ['in reverse', (events: unknown[]) => events.toReversed()],
    ['in one request, in reverse', (events: unknown[]) => [events.toReversed()]],
    ['each twice', (events: unknown[]) => [...events, ...events]],
    ['twice in one request', (events: unknown[]) => [[...events, ...events]]],
    ['the last one first', ([one, two, three]: unknown[]) => [three, one, two]],
  ])('are the same when they come %s', async (_, order) => {
    const { client, of, pending, running, completed, send } = await begin()
    for (const body of order([pending, running, completed])) expect(await send(body)).toMatchObject({ status: 204 })
    expect((await client.get(`/task_runs/${of.taskRunId}`)).json).toMatchObject({ state_id: completed.id, run_count: 1 })
    expect(await namesOf(client, of.taskRunId)).toEqual(['Pending', 'Running', 'Completed'])
  })

  test('at the same moment, what follows is the newer one', async () => {
    const { client, of, pending, send } = await begin()
    const running = told({ ...of, type: 'RUNNING', at: 0, follows: pending.id })
    await send([running, pending])
    expect((await client.get(`/task_runs/${of.taskRunId}`)).json.state_id).toBe(running.id)
    const other = await begin()
    const next = told({ ...other.of, type: 'RUNNING', at: 0, follows: other.pending.id })
    await other.send([other.pending, next])
    expect((await other.client.get(`/task_runs/${other.of.taskRunId}`)).json.state_id).toBe(next.id)
  })

  test('with the same keys are one task run, whatever id another attempt gives it', async () => {
    const { client, of, completed, send } = await begin()
    const keys = { dynamic_key: '0' }
    await send({ ...completed, payload: { ...completed.payload, task_run: { ...completed.payload.task_run, ...keys } } })
    const again = { taskRunId: randomUUID(), flowRunId: of.flowRunId }
    await send(told({ ...again, type: 'RUNNING', at: 5, taskRun: keys }))
    expect((await client.get(`/task_runs/${of.taskRunId}`)).json).toMatchObject({ state_type: 'RUNNING' })
    expect(await client.get(`/task_runs/${again.taskRunId}`)).toMatchObject({ status: 404 })
    expect(await namesOf(client, of.taskRunId)).toEqual(['Completed', 'Running'])
  })

  test('outside of a flow', async () => {
    const client = await startClient()
    const taskRunId = randomUUID()
    await client.post('/events', told({ taskRunId, flowRunId: null, type: 'RUNNING', at: 1 }))
    expect((await client.get(`/task_runs/${taskRunId}`)).json).toMatchObject({ flow_run_id: null, state_type: 'RUNNING' })
  })
})

test('an event from a run stands in its chain, so that a circle of automations ends', async () => {
  const client = await startClient()
  const deployment = (await client.post('/deployments/', { name: 'main', flow_id: await client.flow() })).json
  await client.post('/automations/', {
    name: 'starts',
    trigger: { type: 'event', expect: ['go'], posture: 'Reactive', threshold: 1, within: 0 },
    actions: [{ type: 'run-deployment', source: 'selected', deployment_id: deployment.id }],
  })
  const go = { id: randomUUID(), occurred: moment(0), event: 'go', resource: { 'prefect.resource.id': 'x' } }
  await client.post('/events', go)
  const [verdict] = (await client.get(`/events/${go.id}/verdicts`)).json
  const flowRunId = verdict.outcome.runs[0].flow_run_id
  await client.propose(flowRunId, 'PENDING')
  const event = told({ taskRunId: randomUUID(), flowRunId, type: 'RUNNING', at: 1 })
  const emitted = { ...go, id: randomUUID(), event: 'said', related: event.related }
  await client.post('/events', [event, emitted])
  for (const { id } of [event, emitted]) {
    expect((await client.get(`/events/${id}`)).json).toMatchObject({ chain_depth: 1, cause_event_id: go.id })
  }
})

describe('what cannot be recorded costs nobody else anything', () => {
  const broken = (event: ReturnType<typeof told>, payload: object) => ({ ...event, id: randomUUID(), payload })

  test('the event stays, and the others are recorded', async () => {
    const { client, of, pending, running, completed, send } = await begin()
    const lost = { taskRunId: randomUUID(), flowRunId: randomUUID() }
    const strangers = [
      broken(pending, {}),
      broken(pending, { task_run: 1, validated_state: [] }),
      broken(pending, { ...pending.payload, validated_state: { type: 'DANCING' } }),
      broken(pending, { ...pending.payload, task_run: { name: 'x' } }),
      told({ ...lost, type: 'RUNNING', at: 1 }),
    ]
    expect(await send([pending, ...strangers, running, completed])).toMatchObject({ status: 204 })
    expect(await namesOf(client, of.taskRunId)).toEqual(['Pending', 'Running', 'Completed'])
    for (const { id } of strangers) expect(await client.get(`/events/${id}`)).toMatchObject({ status: 200 })
    expect(await client.get(`/task_runs/${lost.taskRunId}`)).toMatchObject({ status: 404 })
  })

  test('an event of somebody else is an event alone', async () => {
    const { client, of, pending, send } = await begin()
    const { 'prefect.resource.id': id } = pending.resource
    await send({ ...pending, resource: { 'prefect.resource.id': id } })
    expect(await client.get(`/task_runs/${of.taskRunId}`)).toMatchObject({ status: 404 })
  })
})
