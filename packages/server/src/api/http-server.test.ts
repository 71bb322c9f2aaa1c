/** The routes on a real server: what comes in, what is refused, and how it is said. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectExecutor, startHttp } from './test/start.ts'

const event = {
  id: 'c1a0d1d4-8f57-4f35-93b5-7e8d8c2d9a11',
  occurred: '2026-01-02T03:04:05Z',
  event: 'chat.message',
  resource: { 'prefect.resource.id': 'chat.room.1' },
}

test('an event is answered with 204 and is there; the same id twice is one event', async () => {
  const { ask } = await startHttp()
  const id = '01a20cdc-73f4-737d-a897-a8a9b69a11da'
  const first = await ask('POST', '/api/events', { body: [{ ...event, id, payload: { n: 1 } }] })
  expect([first.status, first.text]).toEqual([204, ''])
  expect((await ask('POST', '/api/events/', { body: { ...event, id, payload: { n: 2 } } })).status).toBe(204)
  const found = await ask('GET', `/api/events/${id.toUpperCase()}`)
  expect(found.json).toMatchObject({ id, event: 'chat.message', payload: { n: 1 }, related: [], follows: null, chain_depth: 0 })
  expect((await ask('GET', `/api/events/${id}/verdicts`)).json).toEqual([])
})

test('all faults of an event are told at once; unknown fields that resemble nothing pass', async () => {
  const { ask } = await startHttp()
  const bad = await ask('POST', '/api/events', { body: { even: 'x', payload: [] } })
  expect(bad.status).toBe(422)
  expect(bad.json.exception_detail.map(({ loc, type }: { loc: string[]; type: string }) => `${loc} ${type}`)).toEqual([
    'id missing',
    'occurred missing',
    'event missing',
    'resource missing',
    'payload type',
    'even unknown_field',
  ])
  expect((await ask('POST', '/api/events', { body: { ...event, zebra: 1 } })).status).toBe(204)
})

test('what is not JSON is told with line and column', async () => {
  const { ask } = await startHttp()
  const bad = await ask('POST', '/api/events', { body: '{\n  "event": x\n}' })
  expect(bad).toMatchObject({ status: 400, json: { code: 'invalid_json', line: 2, column: 12 } })
})

test('what is too large is refused with both sizes, by its length or by its bytes', async () => {
  const { ask } = await startHttp()
  const body = JSON.stringify({ ...event, payload: { text: 'x'.repeat(200_000) } })
  const known = await ask('POST', '/api/events', { body })
  expect(known).toMatchObject({ status: 413, json: { limit_bytes: 100_000, body_bytes: body.length } })
  const chunked = await ask('POST', '/api/events', { body, headers: { 'transfer-encoding': 'chunked' } })
  expect(chunked).toMatchObject({ status: 413, json: { limit_bytes: 100_000 } })
  expect(chunked.json.body_bytes).toBeGreaterThan(100_000)
  expect((await ask('POST', '/api/events', { body: event })).status).toBe(204)
})

test('one event that is larger than an event may be is refused with both sizes, alone and in a list', async () => {
  const { ask } = await startHttp({ bodyBytesMax: 4_000_000 })
  const large = { ...event, payload: { text: 'x'.repeat(1_600_000) } }
  const alone = await ask('POST', '/api/events', { body: large })
  const bytes = JSON.stringify(large).length
  expect(alone).toMatchObject({ status: 413, json: { code: 'payload_too_large', limit_bytes: 1_500_000, body_bytes: bytes } })
  const listed = await ask('POST', '/api/events', { body: [event, large] })
  expect(listed).toMatchObject({
    status: 413,
    json: { body_bytes: bytes, exception_message: expect.stringContaining('Event 2') },
  })
  expect((await ask('GET', `/api/events/${event.id}`)).status).toBe(404)
})

test('what is nested too deeply is refused for good, wherever JSON comes in', async () => {
  const { ask, port } = await startHttp()
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
  const withDeep = (text: string) => text.replace('"deep"', deep)
  const bodies = {
    '/api/events': withDeep(JSON.stringify({ ...event, payload: { a: 'deep' } })),
    '/api/automations/': withDeep('{"name":"x","trigger":{"type":"event","match":{"a":"deep"}},"actions":[]}'),
    '/api/variables/': withDeep('{"name":"x","value":"deep"}'),
  }
  for (const [path, body] of Object.entries(bodies)) {
    const answer = await ask('POST', path, { body })
    expect(answer, path).toMatchObject({ status: 422, json: { retryable: false } })
    expect(answer.json.exception_message).toContain('deeper than 500 levels')
  }
  await ask('POST', '/api/hooks/', { body: { name: 'open', signed: false } })
  for (const type of ['application/json', 'text/plain']) {
    const headers = { 'content-type': type }
    expect((await ask('POST', '/api/hooks/open', { body: deep, headers })).status, type).toBe(422)
  }
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/events/in`)
  socket.once('open', () => socket.send(bodies['/api/events']))
  const reason = await new Promise((resolve) => socket.once('close', (code, text) => resolve(`${code} ${text}`)))
  expect(reason).toMatch(/^1003 .*deeper than 500 levels/)
  const flat = { ...event, payload: { list: Array.from({ length: 2_000 }, () => [[]]) } }
  expect((await ask('POST', '/api/events', { body: flat })).status).toBe(204)
})

test('text that is not UTF-8 is no JSON', async () => {
  const { port } = await startHttp()
  const socket = connect(port, '127.0.0.1')
  const body = Buffer.from(JSON.stringify({ ...event, event: 'caf\u00e9' }), 'latin1')
  const head = `POST /api/events HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-type: application/json\r\nconnection: close\r\n`
  socket.end(Buffer.concat([Buffer.from(`${head}content-length: ${body.length}\r\n\r\n`), body]))
  expect(await text(socket)).toMatch(/^HTTP\/1.1 400 .*not UTF-8/s)
})

test('another protocol that a client offers beside HTTP/1.1 is passed over', async () => {
  const { ask } = await startHttp()
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA' }
  expect((await ask('GET', '/api/health', { headers })).status).toBe(200)
  expect((await ask('POST', '/api/events', { headers, body: event })).status).toBe(204)
})

test('a POST that is not JSON is refused', async () => {
  const { ask } = await startHttp()
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/json']) {
    expect((await ask('POST', '/api/events', { body: event, headers: { 'content-type': type } })).status).toBe(415)
  }
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  expect((await ask('POST', '/api/events', { body: event, headers })).status).toBe(204)
})

test('a foreign host or page is refused', async () => {
  const { ask, port } = await startHttp({ allowedHosts: ['flame.example'] })
  const status = async (headers: Record<string, string>) => (await ask('POST', '/api/events', { body: event, headers })).status
  expect(await status({ host: 'evil.example' })).toBe(403)
  expect(await status({ host: '127.0.0.1.evil.example' })).toBe(403)
  expect(await status({ origin: 'http://evil.example' })).toBe(403)
  expect(await status({ origin: 'null' })).toBe(403)
  expect(await status({ host: `localhost:${port}`, origin: `http://localhost:${port + 1}` })).toBe(403)
  expect(await status({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).toBe(204)
  expect(await status({ host: 'flame.example' })).toBe(204)
  expect(await status({ host: 'evil.example' })).toBe(403)
  expect(await status({ host: '127.0.0.1', origin: 'http://flame.example' })).toBe(204)
  expect(await status({ host: `[::1]:${port}` })).toBe(204)
})

test('a request that names no host is refused', async () => {
  const { port } = await startHttp()
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /api/health HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 /)
})

test('with an auth string everything but health and ready wants it', async () => {
  const { ask } = await startHttp({ authString: 'ada:pässword' })
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  const refused = await ask('GET', '/api/executors')
  expect(refused).toMatchObject({ status: 401, json: { code: 'unauthorized' } })
  expect(refused.headers['www-authenticate']).toContain('Basic')
  expect((await ask('GET', '/')).status).toBe(401)
  expect((await ask('POST', '/api/events', { body: event, headers: basic('ada:password') })).status).toBe(401)
  expect((await ask('POST', '/api/events', { body: event, headers: basic('ada:pässword') })).status).toBe(204)
  expect((await ask('GET', '/api/health')).json).toBe(true)
  expect((await ask('GET', '/api/ready')).json).toEqual({ message: 'OK' })
})

test('a path answers with and without a last slash; what is not there says what is near', async () => {
  const { ask } = await startHttp()
  expect((await ask('POST', '/api/flows', { body: { name: 'f' } })).status).toBe(201)
  expect((await ask('POST', '/api/flows/', { body: { name: 'f' } })).status).toBe(200)
  expect(await ask('GET', '/api/flow_run/filter')).toMatchObject({ status: 404, json: { suggestion: 'POST /flow_runs/filter' } })
  const wrong = await ask('PUT', '/api/flows/filter', { body: {} })
  expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST'])
  const later = await ask('POST', '/api/work_pools/filter', { body: {} })
  expect(later).toMatchObject({ status: 501, json: { code: 'not_implemented' } })
  expect(later.json.exception_message).toContain('POST /work_pools/filter')
  expect(await ask('GET', '/api/flows/12')).toMatchObject({ status: 422, json: { exception_detail: [{ loc: ['path', 'id'] }] } })
  expect((await ask('GET', '/api/flows/filter')).headers.allow).toBe('POST')
  expect((await ask('GET', '/nothing')).status).toBe(404)
})

test('a client of another time is told so', async () => {
  const { ask } = await startHttp()
  const status = async (version: string) =>
    (await ask('GET', '/api/hello', { headers: { 'x-prefect-api-version': version } })).status
  expect([await status('0.8.4'), await status('0.8.0'), await status('1.0.0')]).toEqual([200, 200, 200])
  expect([await status('0.7.9'), await status('x')]).toEqual([400, 400])
})

test('a filter that is not served is said rather than passed over', async () => {
  const { ask } = await startHttp()
  const filter = (body: object) => ask('POST', '/api/flow_runs/filter', { body })
  expect((await filter({ flow_runs: { operator: 'and_', start_time: null, tags: { any_: null } }, task_runs: {} })).json).toEqual(
    [],
  )
  expect(await filter({ work_pools: { name: { any_: ['default'] } } })).toMatchObject({
    status: 501,
    json: { exception_detail: [{ loc: ['work_pools'] }] },
  })
  expect(await filter({ flow_runs: { state: { type: { any_: ['RUNING'] } }, nam: {} }, limit: 201 })).toMatchObject({
    status: 422,
    json: {
      exception_detail: [
        { loc: ['flow_runs', 'state', 'type', 'any_', 0], suggestion: 'RUNNING' },
        { loc: ['flow_runs', 'nam'], suggestion: 'name' },
        { loc: ['limit'], msg: 'must be at most 200' },
      ],
    },
  })
})

test('flows, deployments and automations are made, found, listed and deleted', async () => {
  const { ask } = await startHttp()
  const flow = (await ask('POST', '/api/flows/', { body: { name: 'my flow', labels: { team: 'a' } } })).json
  const body = { name: 'main', flow_id: flow.id, parameters: { n: 1 }, schedules: [], path: '/code' }
  const made = await ask('POST', '/api/deployments/', { body })
  expect(made).toMatchObject({
    status: 201,
    json: { name: 'main', parameters: { n: 1 }, path: '/code', status: 'NOT_READY' },
  })
  expect((await ask('GET', '/api/deployments/name/my%20flow/main')).json.id).toBe(made.json.id)
  expect((await ask('POST', '/api/deployments/filter', { body: {} })).json).toEqual([made.json])
  const typo = await ask('POST', '/api/deployments/', { body: { name: 'main', flow_id: flow.id, parametres: {} } })
  expect(typo).toMatchObject({ status: 422, json: { exception_detail: [{ suggestion: 'parameters' }] } })

  const trigger = { type: 'event', posture: 'Reactive', expect: ['chat.*'] }
  const actions = [{ type: 'run-deployment', deployment_id: made.json.id }]
  const automation = await ask('POST', '/api/automations/', { body: { name: 'a', trigger, actions, owner_resource: 'x/y' } })
  expect(automation).toMatchObject({
    status: 201,
    json: { enabled: true, owner_resource: 'x/y', trigger: { threshold: 1, within: 0 } },
  })
  const { id } = automation.json
  expect((await ask('PATCH', `/api/automations/${id}`, { body: { enabled: false } })).status).toBe(204)
  expect((await ask('PUT', `/api/automations/${id}`, { body: { name: 'b', trigger, actions } })).status).toBe(204)
  expect((await ask('GET', `/api/automations/${id}`)).json).toMatchObject({ name: 'b', enabled: true, owner_resource: 'x/y' })
  expect((await ask('POST', '/api/automations/test', { body: { event } })).json).toMatchObject([
    { automation_id: id, matched: true },
  ])
  expect((await ask('DELETE', '/api/automations/owned-by/x%2Fy')).status).toBe(202)
  expect((await ask('POST', '/api/automations/filter', { body: {} })).json).toEqual([])

  expect((await ask('POST', `/api/deployments/${made.json.id}/pause_deployment`)).status).toBe(200)
  expect((await ask('GET', `/api/deployments/${made.json.id}`)).json.paused).toBe(true)
  expect((await ask('DELETE', `/api/deployments/${made.json.id}`)).status).toBe(204)
  expect((await ask('GET', `/api/deployments/${made.json.id}`)).json.code).toBe('deployment_not_found')
})

test('a second server on the port is told who has it', async () => {
  const first = await startHttp()
  await expect(startHttp({ port: first.port })).rejects.toMatchObject({
    code: 'port_taken',
    message: expect.stringMatching(/a Pilotflame server with the home \/.*--port/),
  })
})

test('beyond loopback without an auth string, or with an empty half of one, the server does not start', async () => {
  for (const authString of [null, ':', 'user:', ':password', 'user']) {
    await expect(startHttp({ host: '0.0.0.0', authString }), String(authString)).rejects.toMatchObject({ code: 'auth_required' })
  }
})

/** Opens `/api/events/in` as Prefect's client does. */
async function eventsIn(port: number, token: string | null): Promise<{ socket: WebSocket; answer: Promise<unknown> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/events/in`, 'prefect')
  const answer = new Promise((resolve) => {
    socket.on('message', (data) => resolve(JSON.parse(String(data))))
    socket.on('close', (code) => resolve(code))
  })
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  socket.send(JSON.stringify({ type: 'auth', token }))
  return { socket, answer }
}

test("events come in by Prefect's websocket, and a pong means that they are on disk", async () => {
  const { ask, port } = await startHttp({ authString: 'ada:secret' })
  const { socket, answer } = await eventsIn(port, 'ada:secret')
  expect(await answer).toEqual({ type: 'auth_success' })
  const id = '01a20cdc-73f4-737d-a897-a8a9b69a11db'
  socket.send(JSON.stringify({ ...event, id, occurred: '2026-11-24T12:00:00Z' }))
  socket.ping()
  await new Promise((resolve) => socket.on('pong', resolve))
  const headers = { authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` }
  expect((await ask('GET', `/api/events/${id}`, { headers })).json.id).toBe(id)
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.send('{"event": 1}')
  expect(await closed).toBe(1003)
  expect(await (await eventsIn(port, 'ada:wrong')).answer).toBe(1008)
})

test('a deployment is READY in lists as well as by itself while an executor is connected for it', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const statuses = async () => [
    (await http.ask('POST', '/api/deployments/filter')).json[0].status,
    (await http.ask('GET', `/api/deployments/${executor.deploymentId}`)).json.status,
  ]
  expect(await statuses()).toEqual(['READY', 'READY'])
  executor.close()
  await expect.poll(statuses).toEqual(['NOT_READY', 'NOT_READY'])
})
