import { expect, test } from 'vitest'
import { startHttp } from './api/test/start.ts'
import { prime } from './prime.ts'
import { nodeClock, nodeProcesses, nodeRandom } from './system/node-ports.ts'

const ports = () => ({ clock: nodeClock(), random: nodeRandom(), processes: nodeProcesses() })

test('its events go all the way: a run of each comes to its end', async () => {
  expect(await prime({ ports: ports(), events: 16, everyMs: 0, signal: new AbortController().signal })).toBe(16)
})

test('a server that is stopped meanwhile does not wait for the rest', async () => {
  const stopping = new AbortController()
  const done = prime({ ports: ports(), events: 16, everyMs: 0, signal: stopping.signal })
  stopping.abort()
  expect(await done).toBe(0)
})

test('nothing of it is left in the server that it is done for', async () => {
  const lines: string[] = []
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`)
  const { ask } = await startHttp({ prime: true, log })
  await prime({ ports: ports(), events: 16, everyMs: 0, signal: new AbortController().signal }) // the server's own began before it
  for (const kind of ['flows', 'flow_runs', 'deployments']) {
    expect((await ask('POST', `/api/${kind}/count`, { body: {} })).json).toBe(0)
  }
  expect((await ask('POST', '/api/events/filter', { body: {} })).json).toMatchObject({ events: [], total: 0 })
  expect(lines.filter((line) => !line.startsWith('info'))).toEqual([])
})
