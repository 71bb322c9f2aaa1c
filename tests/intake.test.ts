/** More events than the disk takes: some are refused, and nothing that was accepted is lost. */
import type { Flush } from '@pilotflame/server'
import { expect, test } from 'vitest'
import { nodeClock, nodeProcesses, nodeRandom } from '../packages/server/src/system/node-ports.ts'
import { anEvent, startTestServer } from './harness/server.ts'

test('beyond 10 000 waiting events more are refused with 429 and Retry-After, and those that were taken are stored', async () => {
  let held: (() => void)[] | null = null
  const flush =
    (real: Flush): Flush =>
    (done) =>
      held ? void held.push(() => real(done)) : real(done)
  const ports = { clock: nodeClock(), random: nodeRandom(), processes: nodeProcesses(), flush }
  const server = await startTestServer({ ports, settings: { bodyBytesMax: 20_000_000 } })
  held = []
  const many = Array.from({ length: 10_000 }, () => anEvent('flood.rose'))
  const taken = server.request('POST', '/events', many)
  const one = anEvent('flood.rose')
  const deadline = Date.now() + 20_000
  let refused = await server.request('GET', '/health')
  while (refused.status !== 429 && Date.now() < deadline) {
    // Until the large request has been read this one may be taken: it then waits with it.
    const answer = server.request('POST', '/events', one)
    const soon = new Promise<null>((resolve) => setTimeout(resolve, 200, null))
    refused = (await Promise.race([answer, soon])) ?? refused
  }
  expect(refused).toMatchObject({
    status: 429,
    body: { code: 'too_many_events', exception_message: expect.stringContaining('10000') },
  })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  const waiting = held
  held = null
  for (const release of waiting) release()
  expect((await taken).status).toBe(204)
  for (const { id } of [many[0], many[5_000], many[9_999]].filter((event) => event !== undefined)) {
    expect((await server.request('GET', `/events/${id}`)).status).toBe(200)
  }
  await server.stop()
})
