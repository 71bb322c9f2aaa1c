/** A server that stops finishes what it has taken, answers what is new with 503, and loses nothing. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Flush } from '../ports.ts'
import { nodeClock, nodeProcesses, nodeRandom } from '../system/node-ports.ts'
import { startHttp } from './test/start.ts'

const event = (id: string) => ({
  id,
  occurred: '2026-11-24T12:00:00Z',
  event: 'order.paid',
  resource: { 'prefect.resource.id': 'order.1' },
  payload: {},
})

/** A disk that flushes when the test says so. */
async function onHeldDisk() {
  const home = mkdtempSync(join(tmpdir(), 'pilotflame-stop-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  let hold = false
  let flushed = (): void => undefined
  const flushing = new Promise<void>((resolve) => {
    flushed = resolve
  })
  const held: (() => void)[] = []
  const flush =
    (real: Flush): Flush =>
    (done) => {
      if (!hold) return real(done)
      held.push(() => real(done))
      flushed()
    }
  const http = await startHttp({ home }, { clock: nodeClock(), random: nodeRandom(), processes: nodeProcesses(), flush })
  hold = true
  const letGo = (): void => {
    hold = false
    for (const go of held.splice(0)) go()
  }
  return { http, home, flushing, letGo }
}

test('an event that was taken is answered, a new request is told to come again, and nothing is lost', async () => {
  const { http, home, flushing, letGo } = await onHeldDisk()
  const id = '01a20cdc-73f4-737d-a897-a8a9b69a11db'
  const taken = http.ask('POST', '/api/events', { body: event(id) })
  await flushing
  const stopped = http.server.stop()
  const late = { body: event('01a20cdc-73f4-737d-a897-a8a9b69a11dc') }
  for (const answer of [await http.ask('POST', '/api/events', late), await http.ask('GET', '/api/flow_runs/latest/why')]) {
    expect(answer).toMatchObject({ status: 503, json: { code: 'shutting_down', retryable: true } })
    expect(answer.headers['retry-after']).toBe('1')
  }
  letGo()
  expect((await taken).status).toBe(204)
  await stopped
  const again = await startHttp({ home })
  expect((await again.ask('GET', `/api/events/${id}`)).json.id).toBe(id)
  expect((await again.ask('GET', `/api/events/${late.body.id}`)).status).toBe(404)
})

test('a websocket that comes while it stops is refused the same way', async () => {
  const { http, flushing, letGo } = await onHeldDisk()
  const taken = http.ask('POST', '/api/events', { body: event(crypto.randomUUID()) })
  await flushing
  const stopped = http.server.stop()
  const socket = new WebSocket(`ws://127.0.0.1:${http.port}/api/channel`, 'pilotflame.v1')
  const status = await new Promise((resolve) => {
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
    socket.on('error', () => undefined)
  })
  expect(status).toBe(503)
  letGo()
  expect((await taken).status).toBe(204)
  await stopped
})
