/** Live events on a real server: the greeting, the past, what comes, and who falls behind. */
import { expect, test } from 'vitest'
import { connectExecutor, startHttp, type TestHttp } from './test/start.ts'
import { subscribe } from './test/subscriber.ts'

let counter = 0
const eventOf = (fields: object = {}) => {
  counter += 1
  return {
    id: `01a20cdc-73f4-737d-a897-${String(counter).padStart(12, '0')}`,
    occurred: new Date().toISOString(),
    event: 'chat.message',
    resource: { 'prefect.resource.id': 'chat.room.1' },
    ...fields,
  }
}

async function emit(http: TestHttp, ...events: ReturnType<typeof eventOf>[]): Promise<string[]> {
  expect((await http.ask('POST', '/api/events', { body: events })).status).toBe(204)
  return events.map(({ id }) => id)
}

const idsOf = (events: readonly { id: string }[]): string[] => events.map(({ id }) => id)

test('a subscriber is greeted, told what happened, and then what happens; each event once and in order', async () => {
  const http = await startHttp()
  const past = await emit(http, eventOf(), eventOf())
  const subscriber = await subscribe(http)
  expect(subscriber.greeting).toBe('{"type":"auth_success"}')
  expect(idsOf(await subscriber.count(2))).toEqual(past)
  const live = await emit(http, eventOf({ payload: { n: 1 } }))
  expect(idsOf(await subscriber.count(3))).toEqual([...past, ...live])
  expect(subscriber.events[2]).toMatchObject({ event: 'chat.message', payload: { n: 1 }, related: [], follows: null })
})

test('nothing is missed and nothing told twice between the past and what comes, however busy it is', async () => {
  const http = await startHttp()
  let sending = true
  const sent: string[] = []
  const send = (async () => {
    while (sending) sent.push(...(await emit(http, eventOf(), eventOf(), eventOf())))
  })()
  const subscribers = []
  for (let round = 0; round < 5; round += 1) subscribers.push(await subscribe(http))
  const after = sent.length
  const others: string[] = []
  while (sent.length < after + 30) others.push(...(await emit(http, eventOf({ event: 'other' }))))
  sending = false
  await send
  for (const { count, events } of subscribers) {
    await count(sent.length + others.length)
    const seen = idsOf(events.filter(({ event }) => event === 'chat.message'))
    expect(seen).toEqual(sent)
  }
})

test('only what the filter wants is told: names, prefixes, resources, labels, related ones and text', async () => {
  const http = await startHttp()
  const wanted = eventOf({
    event: 'shop.order.paid',
    resource: { 'prefect.resource.id': 'shop.order.7', color: 'red' },
    related: [{ 'prefect.resource.id': 'shop.customer.1', 'prefect.resource.role': 'customer' }],
    payload: { note: 'Handle With Care' },
  })
  const others = [eventOf(), eventOf({ event: 'shop.order.lost' })]
  const filters = [
    { event: { name: ['shop.order.paid'] } },
    { event: { prefix: ['shop.'], exclude_name: ['shop.order.lost'] } },
    { event: { exclude_prefix: ['chat.', 'shop.order.l'] } },
    { resource: { id: ['shop.order.7'] } },
    { resource: { id_prefix: ['shop.'], labels: { color: ['re*', 'blue'] } } },
    { related: { id: ['shop.customer.1'], role: ['customer'] } },
    { related: [{ resources_in_roles: [['shop.customer.1', 'customer']] }] },
    { any_resource: { id_prefix: ['shop.customer'] } },
    { id: { id: [wanted.id] } },
    { text: { query: '"with care" -fragile' } },
  ]
  for (const when of ['live', 'past'] as const) {
    const early = when === 'live' ? await Promise.all(filters.map((filter) => subscribe(http, { filter, backfill: false }))) : []
    await Promise.all(early.map(({ pong }) => pong()))
    if (when === 'live') await emit(http, ...others, wanted, eventOf({ event: 'end' }))
    const all = when === 'live' ? early : await Promise.all(filters.map((filter) => subscribe(http, { filter })))
    for (const [index, subscriber] of all.entries()) {
      await subscriber.count(1)
      const seen = subscriber.events.filter(({ event }) => event !== 'end')
      expect([index, idsOf(seen)]).toEqual([index, [wanted.id]])
    }
  }
})

test('states of runs are told as they are entered, with the event that they are', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const subscriber = await subscribe(http, { filter: { event: { prefix: ['prefect.flow-run.'] } }, backfill: false })
  await subscriber.pong()
  const made = await http.ask('POST', `/api/deployments/${executor.deploymentId}/create_flow_run`, { body: { parameters: {} } })
  const run = await executor.next('run')
  await executor.report(run, [{ kind: 'state', id: '01a20cdc-73f4-737d-a897-00000000aaaa', at: 1, state: { type: 'RUNNING' } }])
  await executor.report(run, [{ kind: 'state', id: '01a20cdc-73f4-737d-a897-00000000bbbb', at: 2, state: { type: 'COMPLETED' } }])
  const events = await subscriber.count(4)
  expect(events.map(({ event }) => event)).toEqual(
    ['Scheduled', 'Pending', 'Running', 'Completed'].map((name) => `prefect.flow-run.${name}`),
  )
  expect(events.map(({ resource }) => resource['prefect.resource.id'])).toEqual(Array(4).fill(`prefect.flow-run.${made.json.id}`))
  expect(events[3]).toMatchObject({ id: '01a20cdc-73f4-737d-a897-00000000bbbb', follows: '01a20cdc-73f4-737d-a897-00000000aaaa' })
  // The same, for one who comes later.
  const later = await subscribe(http, { filter: { resource: { id: [`prefect.flow-run.${made.json.id}`] } } })
  expect(await later.count(4)).toEqual(events)
})

test('the past goes back as far as was asked, and 15 minutes at most', async () => {
  const http = await startHttp()
  const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
  const [, , recent, now] = await emit(
    http,
    eventOf({ occurred: ago(20) }),
    eventOf({ occurred: ago(16) }),
    eventOf({ occurred: ago(10) }),
    eventOf(),
  )
  const all = await subscribe(http)
  expect(idsOf(await all.count(2))).toEqual([recent, now])
  const few = await subscribe(http, { filter: { occurred: { since: ago(5), until: ago(-5) } } })
  expect(idsOf(await few.count(1))).toEqual([now])
  const none = await subscribe(http, { backfill: false })
  const [live] = await emit(http, eventOf())
  expect(idsOf(await none.count(1))).toEqual([live])
})

test('a past of more than one page is told whole', async () => {
  const http = await startHttp({ bodyBytesMax: 4_000_000 })
  const sent: string[] = []
  for (let batch = 0; batch < 6; batch += 1) sent.push(...(await emit(http, ...Array.from({ length: 1_000 }, () => eventOf()))))
  const subscriber = await subscribe(http)
  const seen = idsOf(await subscriber.count(6_000))
  expect(seen.length).toBe(6_000)
  expect(new Set(seen)).toEqual(new Set(sent))
})

test('with an auth string the greeting has to name it', async () => {
  const http = await startHttp({ authString: 'user:secret' })
  const right = await subscribe(http, { token: 'user:secret' })
  expect(right.greeting).toBe('{"type":"auth_success"}')
  const wrong = await subscribe(http, { token: 'user:other' })
  expect(await wrong.closed).toMatchObject({ code: 1008 })
})

test('what is no filter ends the connection, and says why', async () => {
  const http = await startHttp()
  const typo = await subscribe(http, { filter: { evnt: {} } })
  const { code, reason } = await typo.closed
  expect([code, reason]).toEqual([1002, expect.stringContaining('did you mean event?')])
})

test('a subscriber that does not read is cut off, and nobody waits for it', async () => {
  const http = await startHttp({ bodyBytesMax: 2_000_000 })
  const [slow, quick] = [await subscribe(http, { backfill: false }), await subscribe(http, { backfill: false })]
  await Promise.all([slow.pong(), quick.pong()])
  slow.socket.pause()
  const big = { text: 'x'.repeat(1_000_000) }
  for (let n = 0; n < 40; n += 1) await emit(http, eventOf({ payload: big }))
  expect((await quick.count(40)).length).toBe(40)
  slow.socket.resume()
  expect((await slow.closed).code).toBe(1006)
  expect(slow.events.length).toBeLessThan(40)
})

test('a server that stops says that it will be back', async () => {
  const http = await startHttp()
  const subscriber = await subscribe(http)
  await http.server.stop()
  expect((await subscriber.closed).code).toBe(1012)
})
