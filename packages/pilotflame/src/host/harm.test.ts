/** Whatever a run does to its process, it ends with a sentence, and a neighbour that is at work finishes. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anEvent, eventually, runsOf, startTestServer, type TestServer } from '../../../../tests/harness/server.ts'

const PACKAGE = join(import.meta.dirname, '..', 'index.ts')
const PROGRAM = `
import { flow, serve } from ${JSON.stringify(PACKAGE)}
const held: unknown[] = []
const work = flow('work', async ({ how }: { how: string }, run) => {
  run.stream('at work')
  if (how === 'wait') await new Promise((resolve) => setTimeout(resolve, 4_000))
  if (how === 'loop') for (;;);
  if (how === 'leak') for (;;) { held.push(new Array(20_000).fill(how)); await null }
  if (how === 'buffers') for (;;) { held.push(Buffer.alloc(5_000_000, 1)); await new Promise((resolve) => setTimeout(resolve, 20)) }
  if (how === 'kill') process.kill(process.pid, 'SIGKILL')
  if (how === 'stop') process.kill(process.pid, 'SIGSTOP')
  if (how === 'abort') process.abort()
  return how
}, { timeoutMs: 6_000 })
await serve(work.toDeployment({ on: 'work.now' }), { isolation: 'fresh', memoryMbMax: 128, warm: { min: 2, max: 8 } })
`

let server: TestServer
const folder = mkdtempSync(join(tmpdir(), 'pilotflame-harm-'))
let stop: () => Promise<void>

beforeAll(async () => {
  server = await startTestServer()
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'work.ts'), PROGRAM)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'work.ts'], {
    cwd: folder,
    env: { ...process.env, PILOTFLAME_API_URL: server.apiUrl, PILOTFLAME_HOME: server.home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  stop = async () => {
    child.kill('SIGTERM')
    child.kill('SIGINT')
    await ended
  }
  child.stderr.resume()
  await new Promise<void>((resolve) => child.stdout.on('data', (text) => String(text).includes('is ready') && resolve()))
})

afterAll(async () => {
  await stop()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface RunOnWire {
  readonly state_type: string
  readonly state_name: string
  readonly state: { readonly message: string | null }
}

async function startRun(how: string): Promise<string> {
  const event = anEvent('work.now', { how })
  await server.request('POST', '/events', [event])
  const [id] = await eventually(async () => {
    const ids = await runsOf(server, event.id)
    return ids.length > 0 && ids
  })
  return id ?? ''
}

const look = async (id: string): Promise<RunOnWire> => (await server.request('GET', `/flow_runs/${id}`)).body as RunOnWire

async function endOf(id: string): Promise<string> {
  const { state_name, state } = await eventually(async () => {
    const run = await look(id)
    return ['COMPLETED', 'FAILED', 'CRASHED'].includes(run.state_type) && run
  })
  return state.message === null ? state_name : `${state_name}: ${state.message}`
}

test('each of them ends with its sentence, and none of them harms the one beside it', async () => {
  const neighbour = await startRun('wait')
  await eventually(async () => (await look(neighbour)).state_type === 'RUNNING')
  const ways = ['loop', 'leak', 'buffers', 'kill', 'stop', 'abort']
  const ends = await Promise.all(ways.map(async (how) => [how, await endOf(await startRun(how))] as const))
  expect(Object.fromEntries(ends)).toEqual({
    loop: expect.stringMatching(/^TimedOut: .*6 000 ms/),
    leak: 'Crashed: out of memory at 128 MB',
    buffers: 'Crashed: out of memory at 128 MB',
    kill: 'Crashed: killed by SIGKILL',
    stop: 'Crashed: stopped by SIGSTOP for 2 s',
    abort: 'Crashed: killed by SIGABRT',
  })
  expect(await endOf(neighbour)).toBe('Completed')
  expect(await endOf(await startRun(''))).toBe('Completed')
})
