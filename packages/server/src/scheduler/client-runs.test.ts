import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { startClient } from '../api/test/client.ts'

const SOON = { timeout: 20_000, interval: 50 }

test('a paused run that nobody resumes in time fails', async () => {
  const client = await startClient()
  const { id } = await client.run({ state: { type: 'RUNNING' } })
  const until = new Date(Date.now() + 300).toISOString()
  await client.propose(id, { type: 'PAUSED', state_details: { pause_timeout: until } })
  expect((await client.get(`/flow_runs/${id}`)).json.state_type).toBe('PAUSED')
  await vi.waitFor(async () => expect((await client.get(`/flow_runs/${id}`)).json.state_type).toBe('FAILED'), SOON)
})

test('what a cancelled run leaves behind is Cancelled: its task runs, and its subflows with theirs', async () => {
  const client = await startClient()
  const parent = await client.run({ state: { type: 'RUNNING' } })
  const task = async (flowRunId: string, state: object) =>
    (await client.post('/task_runs/', { flow_run_id: flowRunId, task_key: 't', dynamic_key: randomUUID(), state })).json
  const open = await task(parent.id, { type: 'RUNNING' })
  const done = await task(parent.id, { type: 'COMPLETED' })
  const dummy = await task(parent.id, { type: 'PENDING' })
  const child = await client.run({ parent_task_run_id: dummy.id, state: { type: 'RUNNING' } })
  const grandchild = await task(child.id, { type: 'RUNNING' })
  await client.propose(parent.id, 'CANCELLED')
  const stateOf = async (path: string) => (await client.get(path)).json.state_type
  await vi.waitFor(async () => {
    expect(await stateOf(`/task_runs/${open.id}`)).toBe('CANCELLED')
    expect(await stateOf(`/flow_runs/${child.id}`)).toBe('CANCELLED')
    expect(await stateOf(`/task_runs/${dummy.id}`)).toBe('CANCELLED')
    expect(await stateOf(`/task_runs/${grandchild.id}`)).toBe('CANCELLED')
  }, SOON)
  expect(await stateOf(`/task_runs/${done.id}`)).toBe('COMPLETED')
})
