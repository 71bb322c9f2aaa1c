/** More events than the disk takes: some are refused, and nothing that was accepted is lost. */
import type { Flush } from '@pilotflame/server'
import { expect, test } from 'vitest'
import { nodeClock, nodeProcesses, nodeRandom } from '../packages/server/src/system/node-ports.ts'
import { anEvent, startTestServer } from './harness/server.ts'

test('beyond 10 000 waiting events more are refused with 429 and Retry-After, and those that were taken are stored', async () => {
  let hold = false
  const held = Promise.withResolvers<() => void>()
  const flush =
    (real: Flush): Flush =>
    (done) =>
      hold ? held.resolve(() => real(done)) : real(done)
  const ports = { clock: nodeClock(), random: nodeRandom(), processes: nodeProcesses(), flush }
  const server = await startTestServer({ ports, settings: { bodyBytesMax: 20_000_000 } })
  hold = true
  const many = Array.from({ length: 10_000 }, () => anEvent('flood.rose'))
  const taken = server.request('POST', '/events', many)
  const release = await held.promise // they have all their places, and wait for the disk
  const refused = await server.request('POST', '/events', anEvent('flood.rose'))
  expect(refused).toMatchObject({
    status: 429,
    body: { code: 'too_many_events', exception_message: expect.stringContaining('10000') },
  })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  hold = false
  release()
  expect((await taken).status).toBe(204)
  for (const { id } of [many[0], many[5_000], many[9_999]].filter((event) => event !== undefined)) {
    expect((await server.request('GET', `/events/${id}`)).status).toBe(200)
  }
  await server.stop()
})
