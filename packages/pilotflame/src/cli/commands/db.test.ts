import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Running, Workspace } from '../test/pilot-process.ts'

const space = new Workspace()
let server: Running

beforeAll(async () => {
  server = space.start(['server', 'start', '--json', '--event-retention', 'off', '--run-retention', 'off'])
  await server.said('\n')
  space.env.PILOTFLAME_API_URL = String(JSON.parse(server.output().split('\n')[0] ?? '').api_url)
  await space.run(['event', 'emit', 'order.paid'])
})
afterAll(() => space.remove())

test('what would be removed is counted per kind, and then removed', async () => {
  const counted = await space.run(['db', 'prune', '--older-than', '0s', '--dry-run'])
  expect(counted.stdout).toMatch(/This would be removed:\n\s*events +1\n/)
  const removed = await space.run(['db', 'prune', '--older-than', '0s', '--json'])
  expect(JSON.parse(removed.stdout)).toMatchObject({ dry_run: false, removed: { events: 1, flow_runs: 0 } })
  expect((await space.run(['db', 'prune', '--older-than', '0s'])).stdout).toBe('Nothing is that old.\n')
})

test('a server that keeps everything asks for an age', async () => {
  expect((await space.run(['db', 'prune'])).stdout).toContain('pilot db prune --older-than 7d')
})

test('an age that is none is bad input', async () => {
  const { code, stderr } = await space.run(['db', 'prune', '--older-than', 'old'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--older-than is "old". Give a length of time such as 7d')])
})
