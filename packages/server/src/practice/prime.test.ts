import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startHttp } from '../api/test/start.ts'
import { nodeClock, nodeProcesses, nodeRandom } from '../system/node-ports.ts'
import { inMemory, onThisMachine, type Wires } from '../system/wires.ts'
import { prime } from './prime.ts'

/** Takes 16 events. */
function practise({ wires, fresh = false, signal = new AbortController().signal }: How): Promise<number> {
  const ports = { clock: nodeClock(), random: nodeRandom(), processes: nodeProcesses() }
  return prime({ ports, wires, fresh, events: 16, everyMs: 0, signal })
}
type How = { readonly wires: Wires; readonly fresh?: boolean; readonly signal?: AbortSignal }

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pilotflame-practice-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('its events go all the way: a run of each comes to its end', async () => {
  expect(await practise({ wires: await inMemory() })).toBe(16)
})

test('so they do over a socket and a disk, each in a process of its own, and leave nothing in the folder', async () => {
  const folder = makeFolder()
  const wires = await onThisMachine(folder)
  let flushes = 0
  const flush: Wires['flush'] = (done) => {
    flushes += 1
    wires.flush(done)
  }
  expect(await practise({ wires: { ...wires, flush }, fresh: true })).toBe(16)
  expect(flushes).toBeGreaterThanOrEqual(3 * 16) // the event, and the run's beginning and end
  wires.close()
  expect(readdirSync(folder)).toEqual([])
})

test('a socket that a killed server has left is in nobody’s way; a folder that holds no socket is said', async () => {
  const folder = makeFolder()
  const left = createServer().listen(join(folder, 'practice.sock'))
  const wires = await onThisMachine(folder)
  wires.close()
  left.close()
  mkdirSync(join(folder, 'practice.tmp'))
  await expect(onThisMachine(folder)).rejects.toThrow(/practice\.tmp/)
})

test('a server that is stopped meanwhile does not wait for the rest', async () => {
  const stopping = new AbortController()
  const done = practise({ wires: await inMemory(), signal: stopping.signal })
  stopping.abort()
  expect(await done).toBe(0)
})

test('nothing of it is left in the server that it is done for', async () => {
  const lines: string[] = []
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`)
  const { ask } = await startHttp({ prime: true, log })
  await practise({ wires: await inMemory() }) // the server's own began before it
  for (const kind of ['flows', 'flow_runs', 'deployments']) {
    expect((await ask('POST', `/api/${kind}/count`, { body: {} })).json).toBe(0)
  }
  expect((await ask('POST', '/api/events/filter', { body: {} })).json).toMatchObject({ events: [], total: 0 })
  expect(lines.filter((line) => !line.startsWith('info'))).toEqual([])
})
