/** A server that keeps nothing for long: what has ended goes by itself, and what has not ended stays with what it needs. */
import { flow, startExecutor } from '@pilotflame/sdk'
import { afterEach, expect, test } from 'vitest'
import { anEvent, eventually, runsOf, startTestServer, type TestServer } from './harness/server.ts'

let server: TestServer
let release: () => void = () => undefined

const held = flow('held', async (_: object, run) => {
  run.stream('begun')
  await new Promise<void>((resolve) => {
    release = resolve
  })
})
const quick = flow('quick', async () => 'done')

const keeping = async (retention: { runsMs: number; eventsMs: number }): Promise<void> => {
  server = await startTestServer({ settings: { retention } })
}
afterEach(() => server.stop())

test('runs and events go soon after the end, and not before', async () => {
  await keeping({ runsMs: 500, eventsMs: 500 })
  const deployments = [
    quick.toDeployment({ name: 'quick', on: 'quick.now' }),
    held.toDeployment({ name: 'held', on: 'held.now' }),
  ]
  const executor = await startExecutor({ apiUrl: server.apiUrl, deployments, onNotice: () => undefined })
  const start = async (name: string): Promise<{ event: string; run: string }> => {
    const event = anEvent(name)
    await server.request('POST', '/events', event)
    const [run = ''] = await runsOf(server, event.id)
    return { event: event.id, run }
  }
  const running = await start('held.now')
  const done = await start('quick.now')
  const statusOf = async (path: string): Promise<number> => (await server.request('GET', path)).status

  await eventually(async () => (await statusOf(`/flow_runs/${done.run}`)) === 404)
  await eventually(async () => (await statusOf(`/events/${done.event}`)) === 404)
  expect(await statusOf(`/flow_runs/${running.run}`)).toBe(200)
  expect(await statusOf(`/events/${running.event}`)).toBe(200)
  expect(await runsOf(server, running.event)).toEqual([running.run])

  release()
  await eventually(async () => (await statusOf(`/flow_runs/${running.run}`)) === 404)
  await eventually(async () => (await statusOf(`/events/${running.event}`)) === 404)
  executor.close()
})

test('an event that is sent again after it was removed is a new one: it starts a run beside the one that is kept', async () => {
  await keeping({ runsMs: 60_000, eventsMs: 300 })
  const deployments = [quick.toDeployment({ name: 'quick', on: 'quick.now' })]
  const executor = await startExecutor({ apiUrl: server.apiUrl, deployments, onNotice: () => undefined })
  const event = anEvent('quick.now')
  const runs: string[] = []
  for (const time of ['first', 'second']) {
    expect((await server.request('POST', '/events', event)).status, time).toBe(204)
    runs.push(...(await runsOf(server, event.id)))
    await eventually(async () => (await server.request('GET', `/events/${event.id}`)).status === 404)
  }
  expect(new Set(runs).size).toBe(2)
  for (const run of runs) {
    const { body } = await server.request('GET', `/flow_runs/${run}`)
    expect(body).toMatchObject({ state_type: 'COMPLETED' })
  }
  executor.close()
})
