import { createServer, type RequestListener, type Server } from 'node:http'
import { encodeValue } from '@pilotflame/core'
import { afterEach, expect, test } from 'vitest'
import { connect } from './connect.ts'

let server: Server | undefined

/** A real HTTP server that answers with `listener`, and a client of it. */
async function clientOf(listener: RequestListener, options: { authString?: string } = {}) {
  const started = createServer(listener)
  server = started
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
  const address = started.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return connect({ apiUrl: `http://127.0.0.1:${port}/api/`, ...options })
}

afterEach(async () => {
  server?.closeAllConnections()
  await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined))
  server = undefined
})

test('sends JSON with its auth string, and reads the answer', async () => {
  const seen: unknown[] = []
  const client = await clientOf(
    (request, response) => {
      let body = ''
      request.on('data', (part) => {
        body += part
      })
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers.authorization, JSON.parse(body)])
        response.end(JSON.stringify({ id: 'r1' }))
      })
    },
    { authString: 'me:secret' },
  )
  expect(await client.createFlowRun('d1', { parameters: { a: 'ä' } })).toEqual({ id: 'r1' })
  const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`
  expect(seen).toEqual([['POST', '/api/deployments/d1/create_flow_run', basic, { parameters: { a: 'ä' } }]])
  client.close()
})

test('an event gets its id and its moment before it is sent', async () => {
  let body = ''
  const client = await clientOf((request, response) => {
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => response.writeHead(204).end())
  })
  const event = { event: 'chat.message', resource: { 'prefect.resource.id': 'x' } }
  const ids = await client.emit([event, { ...event, id: 'mine', occurred: '2026-01-01T00:00:00.000000Z' }])
  const sent = JSON.parse(body) as { id: string; occurred: string }[]
  expect(ids).toEqual(sent.map(({ id }) => id))
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  expect(ids[1]).toBe('mine')
  expect(Math.abs(Date.parse(sent[0]?.occurred ?? '') - Date.now())).toBeLessThan(5_000)
  expect(sent[1]?.occurred).toBe('2026-01-01T00:00:00.000000Z')
  client.close()
})

test('keeps one connection open for calls in a row', async () => {
  const client = await clientOf((_request, response) => response.end('{}'))
  let connections = 0
  server?.on('connection', () => connections++)
  for (let n = 0; n < 5; n++) await client.flowRun('r1')
  expect(connections).toBe(1)
  client.close()
})

test('an error of the server comes with its code', async () => {
  const client = await clientOf((_request, response) => {
    response.writeHead(404).end(JSON.stringify({ code: 'run_not_found', exception_message: 'There is no run r1.' }))
  })
  await expect(client.flowRun('r1')).rejects.toMatchObject({ code: 'run_not_found', message: 'There is no run r1.' })
  client.close()
})

test('a server that is away is server_unreachable', async () => {
  const client = await clientOf(() => {})
  await new Promise((resolve) => server?.close(resolve))
  await expect(client.flowRun('r1')).rejects.toMatchObject({ code: 'server_unreachable' })
})

test('follows a stream to its end', async () => {
  const client = await clientOf((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('id: 1-1\nevent: chunk\ndata: {"text":"a"}\n\nid: 1-2\nevent: chunk\nda')
    setImmediate(() => response.end('ta: {"text":"b"}\n\nevent: end\ndata: {"state_type":"COMPLETED"}\n\n'))
  })
  const texts: string[] = []
  const stream = client.stream('r1')
  let next = await stream.next()
  for (; !next.done; next = await stream.next()) texts.push(next.value.text)
  expect(texts).toEqual(['a', 'b'])
  expect(next.value).toEqual({ state_type: 'COMPLETED' })
  client.close()
})

test('a result comes with the types that the flow returned', async () => {
  const value = new Map([['at', new Date(5)]])
  const client = await clientOf((_request, response) => {
    response.end(JSON.stringify({ state: { type: 'COMPLETED' }, result: encodeValue(value) }))
  })
  expect((await client.result('r1')).result).toEqual(value)
  client.close()
})

test('a call can be given up', async () => {
  const client = await clientOf(() => {})
  const stop = new AbortController()
  const result = client.result('r1', stop.signal)
  stop.abort()
  await expect(result).rejects.toThrow()
  client.close()
})
