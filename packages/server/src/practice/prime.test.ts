import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { startHttp } from '../api/test/start.ts'
import { nodeClock, nodeProcesses, nodeRandom } from '../system/node-ports.ts'
import { prime } from './prime.ts'
import { inMemory, onThisMachine, type Wires } from './wires.ts'

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
  expect(await practise({ wires: inMemory() })).toBe(16)
})

test('so they do over a socket and a disk, each in a process of its own, and leave nothing in the folder', async () => {
  const folder = makeFolder()
  const wires = await onThisMachine(folder)
  let flushes = 0
  const flush: Wires['journal']['flush'] = (done) => {
    flushes += 1
    wires.journal.flush(done)
  }
  expect(await practise({ wires: { ...wires, journal: { ...wires.journal, flush } }, fresh: true })).toBe(16)
  // The event, and the run's beginning and end, at the least; each process is written down, too.
  expect(flushes).toBeGreaterThanOrEqual(3 * 16)
  wires.close()
  expect(readdirSync(folder)).toEqual([])
})

test('a socket that a killed server has left is in nobody’s way', async () => {
  const folder = makeFolder()
  const left = createServer().listen(join(folder, 'warm-up.sock'))
  const wires = await onThisMachine(folder)
  expect(await practise({ wires })).toBe(16)
  wires.close()
  left.close()
})

test('where there can be no socket, or no file, that is said', async () => {
  const long = join(makeFolder(), 'a'.repeat(120))
  mkdirSync(long)
  await expect(onThisMachine(long)).rejects.toThrow(/EINVAL|ENAMETOOLONG/)
  expect(readdirSync(long)).toEqual([])
  const taken = makeFolder()
  mkdirSync(join(taken, 'practice.tmp'))
  await expect(onThisMachine(taken)).rejects.toThrow(/practice\.tmp/)
})

/** The wires of a practice whose connection of this number, from 0, has `happen` to it when it is opened. */
function disturbed(number: number, happen: (connection: Duplex) => void): Wires {
  const wires = inMemory()
  let opened = 0
  const connect = async () => {
    const ends = await wires.connect()
    if (opened++ === number) happen(ends[0])
    return ends
  }
  return { ...wires, connect }
}

test.for([0, 1])('it ends when its connection %i closes: nobody waits for an answer that cannot come', async (number) => {
  const wires = disturbed(number, (connection) => void connection.destroy())
  await expect(practise({ wires })).rejects.toThrow('a connection of its own was closed')
})

test('a server that is stopped meanwhile does not wait for an answer: to its executor’s hello, or to an event', async () => {
  for (const number of [0, 1]) {
    const stopping = new AbortController()
    const wires = disturbed(number, (connection) => {
      connection.write = () => true // nothing of it arrives
      setTimeout(() => stopping.abort(), 10)
    })
    expect(await practise({ wires, signal: stopping.signal })).toBe(0)
  }
})

test('a server that is stopped before it begins does not begin', async () => {
  const stopping = new AbortController()
  const done = practise({ wires: inMemory(), signal: stopping.signal })
  stopping.abort()
  expect(await done).toBe(0)
})

test('nothing of it is left in the server that it is done for', async () => {
  const lines: string[] = []
  const log = (level: string, message: string) => void lines.push(`${level}: ${message}`)
  const { ask } = await startHttp({ prime: true, log })
  await practise({ wires: inMemory() }) // the server's own began before it
  for (const kind of ['flows', 'flow_runs', 'deployments']) {
    expect((await ask('POST', `/api/${kind}/count`, { body: {} })).json).toBe(0)
  }
  expect((await ask('POST', '/api/events/filter', { body: {} })).json).toMatchObject({ events: [], total: 0 })
  expect(lines.filter((line) => !line.startsWith('info'))).toEqual([])
})

test('a server that stops while it practises leaves nothing of it', async () => {
  const home = makeFolder()
  const lines: string[] = []
  const { server, ask } = await startHttp({ prime: true, home, log: (level, message) => void lines.push(`${level}: ${message}`) })
  const { id: flow_id } = (await ask('POST', '/api/flows/', { body: { name: 'used' } })).json
  const { id } = (await ask('POST', '/api/flow_runs/', { body: { flow_id, state: { type: 'RUNNING' } } })).json
  await ask('POST', `/api/flow_runs/${id}/set_state`, { body: { state: { type: 'COMPLETED' } } })
  await expect.poll(() => readdirSync(home), { timeout: 10_000 }).toContain('warm-up.sock')
  await server.stop()
  expect(readdirSync(home)).not.toContain('warm-up.sock')
  expect(lines.filter((line) => !line.startsWith('info'))).toEqual([])
})
