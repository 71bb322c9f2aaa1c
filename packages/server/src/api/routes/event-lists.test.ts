/** Lists and counts of events. */
import { expect, test } from 'vitest'
import { connectExecutor, startHttp, type TestHttp } from '../test/start.ts'

const started = Date.now()
const at = (seconds: number): string => new Date(started - seconds * 1_000).toISOString()
const id = (n: number): string => `01a20cdc-73f4-737d-a897-${String(n).padStart(12, '0')}`

/** Events 1 to `count`, number n of which happened n seconds ago. */
async function emit(http: TestHttp, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    id: id(index + 1),
    occurred: at(index + 1),
    event: index % 2 === 0 ? 'chat.odd' : 'chat.even',
    resource: { 'prefect.resource.id': `chat.room.${index % 3}`, 'prefect.resource.name': `Room ${index % 3}` },
  }))
  expect((await http.ask('POST', '/api/events', { body: events })).status).toBe(204)
}

const numbers = (events: readonly { id: string }[]): number[] => events.map((event) => Number(event.id.slice(-12)))
const upTo = (from: number, to: number): number[] =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, n) => from + (from < to ? n : -n))

test('the newest come first, in pages; the address of the next one is in the answer', async () => {
  const http = await startHttp()
  await emit(http, 120)
  let page = (await http.ask('POST', '/api/events/filter', { body: {} })).json
  const seen: number[] = []
  const totals: number[] = []
  for (;;) {
    seen.push(...numbers(page.events))
    totals.push(page.total)
    if (page.next_page === null) break
    const next = new URL(page.next_page)
    expect(next.port).toBe(String(http.port))
    page = (await http.ask('GET', next.pathname + next.search)).json
  }
  expect(seen).toEqual(upTo(1, 120))
  expect(totals).toEqual([120, 120, 120])
})

test('oldest first, filtered, and with as many as were asked for', async () => {
  const http = await startHttp()
  await emit(http, 30)
  const list = async (filter: object, limit?: number) => {
    const { json } = await http.ask('POST', '/api/events/filter', { body: { filter, ...(limit === undefined ? {} : { limit }) } })
    return [numbers(json.events), json.total, json.next_page !== null]
  }
  expect(await list({ order: 'ASC' }, 3)).toEqual([[30, 29, 28], 30, true])
  expect(await list({ event: { name: ['chat.odd'] }, occurred: { since: at(9.5) } })).toEqual([[1, 3, 5, 7, 9], 5, false])
  expect(await list({ occurred: { since: at(6.5), until: at(3.5) } })).toEqual([[4, 5, 6], 3, false])
  expect(await list({ resource: { labels: { 'prefect.resource.name': 'Room 2' } } }, 2)).toEqual([[3, 6], 10, true])
  expect(await list({ id: { id: [id(4), id(99)] } })).toEqual([[4], 1, false])
  expect(await list({}, 0)).toEqual([[], 30, false])
})

test('states of runs are among them, once', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const made = await http.ask('POST', `/api/deployments/${executor.deploymentId}/create_flow_run`, { body: {} })
  await executor.next('run')
  const filter = { event: { prefix: ['prefect.flow-run.'] }, order: 'ASC' }
  const all = (await http.ask('POST', '/api/events/filter', { body: { filter } })).json
  expect(all.events.map(({ event }: { event: string }) => event)).toEqual([
    'prefect.flow-run.Scheduled',
    'prefect.flow-run.Pending',
  ])
  const ofRun = { ...filter, resource: { id: [`prefect.flow-run.${made.json.id}`] } }
  expect((await http.ask('POST', '/api/events/filter', { body: { filter: ofRun } })).json.events).toEqual(all.events)
  const flow = { ...filter, related: { id: [`prefect.deployment.${executor.deploymentId}`] } }
  expect((await http.ask('POST', '/api/events/filter', { body: { filter: flow } })).json.total).toBe(2)
})

test('events are counted by name, by resource and by spans of time', async () => {
  const http = await startHttp()
  await emit(http, 31)
  const count = async (by: string, body: object) => (await http.ask('POST', `/api/events/count-by/${by}`, { body })).json
  expect(await count('event', { filter: {} })).toMatchObject([
    { value: 'chat.odd', label: 'chat.odd', count: 16 },
    { value: 'chat.even', label: 'chat.even', count: 15 },
  ])
  const rooms = await count('resource', { filter: {} })
  expect(rooms).toMatchObject([
    { value: 'chat.room.0', label: 'Room 0', count: 11 },
    { value: 'chat.room.1', label: 'Room 1', count: 10 },
    { value: 'chat.room.2', label: 'Room 2', count: 10 },
  ])
  const spans = await count('time', { filter: { occurred: { since: at(60) } }, time_unit: 'second', time_interval: 10 })
  expect(spans.reduce((sum: number, one: { count: number }) => sum + one.count, 0)).toBe(31)
  expect(spans.every(({ start_time }: { start_time: string }) => Date.parse(start_time) % 10_000 === 0)).toBe(true)
  const days = await count('day', { filter: { occurred: { since: at(86_400 * 2) } } })
  expect(days.at(-1).count + days.at(-2).count).toBe(31)
  expect((await http.ask('POST', '/api/events/count-by/colour', { body: { filter: {} } })).status).toBe(422)
  const tooMany = { filter: {}, time_unit: 'minute' }
  expect((await http.ask('POST', '/api/events/count-by/time', { body: tooMany })).status).toBe(422)
})

test('a page that this server never gave is refused', async () => {
  const http = await startHttp()
  for (const token of ['x', Buffer.from('{}').toString('base64url')]) {
    expect((await http.ask('GET', `/api/events/filter/next?page-token=${token}`)).status).toBe(422)
  }
  expect((await http.ask('GET', '/api/events/filter/next')).status).toBe(422)
})
