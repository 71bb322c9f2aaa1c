/** When waiting runs start, on a whole server whose clock the test holds in its hand. */
import { expect, test } from 'vitest'
import { anOffer, ended, type Joined, join, running } from '../api/test/processes.ts'
import { startHttp, type TestHttp } from '../api/test/start.ts'
import type { Clock } from '../ports.ts'
import { nodeClock } from '../system/node-ports.ts'

const MS = 1_000

/** Time stands still until it is told to go on; timers fire at their moment, in order. */
function heldClock() {
  let at = nodeClock().now()
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>()
  const clock: Clock = {
    boot: nodeClock().boot,
    now: () => at,
    monotonic: () => at,
    after(delayMs, callback) {
      const timer = { at: at + delayMs * MS, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  }
  const goTo = (until: number): void => {
    for (;;) {
      const [next] = [...timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)
      if (!next) break
      timers.delete(next)
      at = Math.max(at, next.at)
      next.callback()
    }
    at = until
  }
  return { clock, goTo }
}

type Held = ReturnType<typeof heldClock>

const stateOf = async (http: TestHttp, id: string) => (await http.ask('GET', `/api/flow_runs/${id}`)).json.state
const toMicros = (iso: string): number => Date.parse(iso) * MS + Number(iso.slice(23, 26))
const inMs = ({ clock }: Held, ms: number) => new Date(clock.now() / MS + ms).toISOString()

async function runIn(http: TestHttp, held: Held, { deploymentId }: Pick<Joined, 'deploymentId'>, ms: number): Promise<string> {
  const state = { type: 'SCHEDULED', state_details: { scheduled_time: inMs(held, ms) } }
  return (await http.ask('POST', `/api/deployments/${deploymentId}/create_flow_run`, { body: { state } })).json.id
}

/** It waits until the millisecond before it is due, and is sent in the one in which it is. */
async function startsWhenDue(http: TestHttp, held: Held, executor: Joined, id: string, delayMs: number): Promise<void> {
  const { type, state_details: details } = await stateOf(http, id)
  expect(type).toBe('SCHEDULED')
  const dueAt = toMicros(details.scheduled_time)
  expect(Math.ceil((dueAt - held.clock.now()) / MS)).toBe(delayMs)
  held.goTo(dueAt - 1 * MS)
  expect((await stateOf(http, id)).type).toBe('SCHEDULED')
  held.goTo(dueAt + 1 * MS - 1)
  await expect.poll(async () => (await stateOf(http, id)).type).toBe('PENDING')
  expect((await executor.next('run')).run_id).toBe(id)
}

async function begin(more: object = {}) {
  const held = heldClock()
  const http = await startHttp({}, { clock: held.clock })
  return { held, http, executor: await join(http, { limit: 3, ...more }) }
}

test('a run that is to start later starts in the millisecond in which it is due', async () => {
  const { held, http, executor } = await begin()
  const id = await runIn(http, held, executor, 250)
  await startsWhenDue(http, held, executor, id, 250)
})

test('one that is due before those that wait already does not wait for their moment', async () => {
  const { held, http, executor } = await begin()
  const second = await runIn(http, held, executor, 700)
  const first = await runIn(http, held, executor, 300)
  await startsWhenDue(http, held, executor, first, 300)
  await startsWhenDue(http, held, executor, second, 400)
})

test.each([100, 700, 1_500])(
  'the next attempt starts %d ms after the one that failed, where that is the pause',
  async (delayMs) => {
    const { held, http, executor } = await begin({ deployments: [anOffer({ retries: 1, retry_delay_ms: delayMs })] })
    const { json } = await http.ask('POST', `/api/deployments/${executor.deploymentId}/create_flow_run`, { body: {} })
    const run = await executor.next('run')
    await executor.report(run, [running(), ended('FAILED')])
    await startsWhenDue(http, held, executor, json.id, delayMs)
  },
)

test('the run of an automation with schedule_after starts that much later', async () => {
  const { held, http, executor } = await begin({ deployments: [anOffer({ triggers: [] })] })
  await http.ask('POST', '/api/automations/', {
    body: {
      name: 'later',
      trigger: { type: 'event', posture: 'Reactive', expect: ['x.y'], threshold: 1, within: 0 },
      actions: [{ type: 'run-deployment', source: 'selected', deployment_id: executor.deploymentId, schedule_after: 0.1 }],
    },
  })
  const event = { id: crypto.randomUUID(), occurred: inMs(held, 0), event: 'x.y', resource: { 'prefect.resource.id': 'x' } }
  expect((await http.ask('POST', '/api/events', { body: event })).status).toBe(204)
  const [run] = (await http.ask('POST', '/api/flow_runs/filter', { body: {} })).json
  await startsWhenDue(http, held, executor, run.id, 100)
})

test('a run that is scheduled anew starts at its new moment', async () => {
  const { held, http, executor } = await begin()
  const id = await runIn(http, held, executor, 60_000)
  const state = { type: 'SCHEDULED', state_details: { scheduled_time: inMs(held, 200) } }
  await http.ask('POST', `/api/flow_runs/${id}/set_state`, { body: { state, force: true } })
  await startsWhenDue(http, held, executor, id, 200)
})

test('a run that waited through a restart of the server starts when it is due', async () => {
  const { held, http, executor } = await begin()
  const id = await runIn(http, held, executor, 400)
  executor.close()
  await http.server.stop()
  const again = await startHttp({ home: http.home }, { clock: held.clock })
  const back = await join(again, { limit: 3 })
  await startsWhenDue(again, held, back, id, 400)
})

test('where all places are taken, the host of its deployment learns of it when it is due', async () => {
  const { held, http, executor: host } = await begin({ role: 'host', limit: 0 })
  held.goTo(held.clock.now() + 10 * MS) // the hint of the host's own hello
  expect(await host.next('want')).toMatchObject({ waiting: 0 })
  await runIn(http, held, host, 300)
  held.goTo(held.clock.now() + 299 * MS)
  await http.ask('GET', '/api/executors')
  expect(host.frames).toEqual([])
  held.goTo(held.clock.now() + 4 * MS) // hints leave 2 ms later
  expect(await host.next('want')).toMatchObject({ waiting: 1 })
})

test('a clock that is set back does not make the timer hold longer than the look each second', async () => {
  const { held, http, executor } = await begin()
  const delays: number[] = []
  const { after } = held.clock
  Object.assign(held.clock, {
    after(delayMs: number, callback: () => void) {
      delays.push(delayMs)
      return after(delayMs, callback)
    },
  })
  held.goTo(held.clock.now() - 3_600_000 * MS)
  await runIn(http, held, executor, 1_800_000)
  expect(delays).toContain(1_000)
  expect(delays.filter((delayMs) => delayMs > 1_000 && delayMs <= 1_800_000)).toEqual([])
})
