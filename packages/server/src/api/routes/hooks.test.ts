import { expect, test } from 'vitest'
import { sign } from '../../auth/signature.ts'
import { startHttp, type TestHttp } from '../test/start.ts'

const findEvent = async ({ ask }: TestHttp, id: string) => (await ask('GET', `/api/events/${id}`)).json

async function unsigned(http: TestHttp) {
  await http.ask('POST', '/api/hooks', { body: { name: 'any', event: 'push', signed: false } })
  return async (body: string, headers: Record<string, string>) => {
    const answer = await http.ask('POST', '/api/hooks/any', { body, headers })
    expect(answer.status).toBe(202)
    return findEvent(http, answer.json.event_id)
  }
}

test('any JSON, form or text becomes an event', async () => {
  const http = await startHttp()
  const deliver = await unsigned(http)
  const json = { 'content-type': 'application/json' }
  const resource = { 'prefect.resource.id': 'pilotflame.hook.any', 'prefect.resource.name': 'any' }
  expect(await deliver('{"a":1}', json)).toMatchObject({ event: 'push', payload: { a: 1 }, resource })
  expect((await deliver('[1,2]', json)).payload).toEqual({ body: [1, 2] })
  expect((await deliver('a=1&b=2&b=3', { 'content-type': 'application/x-www-form-urlencoded' })).payload).toEqual({
    a: '1',
    b: ['2', '3'],
  })
  expect((await deliver('hello', { 'content-type': 'text/plain' })).payload).toEqual({ body: 'hello' })
  expect((await deliver('\uFEFF{"a":1}', { 'content-type': 'text/plain' })).payload).toEqual({ a: 1 })
  expect((await deliver('', { 'content-type': 'text/plain' })).payload).toEqual({})
  const broken = await http.ask('POST', '/api/hooks/any', { body: '{"a":', headers: json })
  expect(broken).toMatchObject({ status: 400, json: { code: 'invalid_json', column: 6 } })
})

test('a delivery that is sent twice is one event', async () => {
  const http = await startHttp()
  const deliver = await unsigned(http)
  const headers = { 'x-github-delivery': 'd-1' }
  const [first, second, other] = [await deliver('{"n":1}', headers), await deliver('{"n":2}', headers), await deliver('{}', {})]
  expect(second).toEqual(first)
  expect(first.id).toMatch(/^........-....-5/)
  expect(other.id).not.toBe(first.id)
})

test('a hook takes deliveries from anywhere, without the auth string', async () => {
  const http = await startHttp({ authString: 'a:b' })
  const authorization = `Basic ${Buffer.from('a:b').toString('base64')}`
  await http.ask('POST', '/api/hooks', { body: { name: 'open', signed: false }, headers: { authorization } })
  const headers = { host: 'public.example', origin: 'http://page.example' }
  expect((await http.ask('POST', '/api/hooks/open', { body: {}, headers })).status).toBe(202)
  expect((await http.ask('GET', '/api/hooks', { headers })).status).toBe(403)
})

test('a signed hook takes what its secret has signed, within 300 s', async () => {
  const http = await startHttp()
  const { json: hook } = await http.ask('POST', '/api/hooks', { body: { name: 'gh' } })
  expect(hook).toMatchObject({ signed: true, event: 'pilotflame.hook.received', path: '/api/hooks/gh' })
  const secret = Buffer.from(hook.secret.slice('whsec_'.length), 'base64')
  const now = Math.floor(http.server.app.clock.now() / 1_000_000)
  interface Delivery {
    readonly at?: number
    readonly body?: string
    readonly key?: Uint8Array
    readonly sent?: string
    readonly id?: string
  }
  const deliver = async ({ at = now, body = '{"n":1}', key = secret, sent = body, id = 'msg_1' }: Delivery) => {
    const signature = sign(key, { id, timestamp: String(at), body: Buffer.from(body) })
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,AAAA ${signature}` }
    return http.ask('POST', '/api/hooks/gh', { body: sent, headers })
  }
  const first = await deliver({})
  expect(first.status).toBe(202)
  expect((await deliver({})).json).toEqual(first.json)
  expect((await deliver({ at: now - 290 })).status).toBe(202)
  expect((await deliver({ at: now + 290 })).status).toBe(202)
  const refused = [
    await deliver({ at: now - 310 }),
    await deliver({ at: now + 310 }),
    await deliver({ sent: '{"n":2}' }),
    await deliver({ key: Buffer.alloc(32) }),
    await http.ask('POST', '/api/hooks/gh', { body: {} }),
  ]
  expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401])
  expect(refused[4]?.json.exception_message).toContain('webhook-signature')
})

test('secrets are shown once; a name is taken once; what is missing is named', async () => {
  const http = await startHttp()
  const { json: made } = await http.ask('POST', '/api/hooks', { body: { name: 'gh' } })
  expect((await http.ask('GET', '/api/hooks')).text).not.toContain(made.secret)
  const stored = await http.server.app.store.find.findHook('gh')
  expect(Buffer.from(stored?.secret ?? []).includes(Buffer.from(made.secret.slice(6), 'base64'))).toBe(false)
  expect(await http.ask('POST', '/api/hooks', { body: { name: 'gh' } })).toMatchObject({
    status: 409,
    json: { code: 'hook_exists' },
  })
  expect((await http.ask('POST', '/api/hooks', { body: { name: 'a/b' } })).status).toBe(422)
  expect(await http.ask('POST', '/api/hooks/ghh', { body: {} })).toMatchObject({ status: 404, json: { suggestion: 'gh' } })
  expect((await http.ask('DELETE', '/api/hooks/gh')).status).toBe(204)
  expect((await http.ask('DELETE', '/api/hooks/gh')).status).toBe(404)
})
