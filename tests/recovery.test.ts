/** What happens to runs when a process dies: with real processes, killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { flow, startExecutor } from '@pilotflame/sdk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { anEvent, eventually, runsOf, startTestServer, type TestServer } from './harness/server.ts'

const PROGRAM = fileURLToPath(new URL('./harness/executor-program.ts', import.meta.url))
const children: ChildProcess[] = []
let server: TestServer
let folder: string
let effects: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotflame-recovery-'))
  effects = join(folder, 'effects.txt')
  server = await startTestServer()
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Starts the program, and settles when it says that it is ready. */
function startProgram(retries = 0): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, effects, String(retries)], {
    env: { ...process.env, PILOTFLAME_API_URL: server.apiUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (text) => String(text).includes('ready') && resolve(child))
    child.once('exit', (code) => reject(new Error(`the program ended with ${code}`)))
  })
}

interface RunOnWire {
  readonly state_type: string
  readonly state_name: string
  readonly state: { readonly message: string | null }
  readonly run_count: number
}

const readRun = async (id: string): Promise<RunOnWire> => (await server.request('GET', `/flow_runs/${id}`)).body as RunOnWire
const inState = (id: string, name: string) =>
  eventually(async () => {
    const run = await readRun(id)
    return run.state_name === name && run
  })
const doneEffects = (): string[] => {
  try {
    return readFileSync(effects, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

async function emit(event: ReturnType<typeof anEvent>): Promise<string> {
  expect((await server.request('POST', '/events', event)).status).toBe(204)
  const [run = ''] = await runsOf(server, event.id)
  return run
}

test('a killed executor crashes its run, and says which process is gone', async () => {
  const child = await startProgram()
  const run = await emit(anEvent('steps.now', { name: 'a' }))
  await eventually(async () => doneEffects().includes('a-first'))
  child.kill('SIGKILL')
  const crashed = await inState(run, 'Crashed')
  expect(crashed.state.message).toContain(`pid ${child.pid}`)
})

test('a run with retries goes on in another executor, and does not repeat a recorded task', async () => {
  const child = await startProgram(1)
  const run = await emit(anEvent('steps.now', { name: 'b' }))
  const tasksOf = async () => (await server.request('POST', '/task_runs/filter', { flow_runs: { id: { any_: [run] } } })).body
  await eventually(async () =>
    (tasksOf() as Promise<{ state_name: string }[]>).then((tasks) => tasks[0]?.state_name === 'Completed'),
  )
  await startProgram(1)
  child.kill('SIGKILL')
  const { body } = await server.request('GET', `/flow_runs/${run}/result`)
  expect(body).toMatchObject({ state: { type: 'COMPLETED' }, result: 2 })
  expect(doneEffects()).toEqual(['b-first', 'b-second'])
})

test('an event that finds no executor waits, and starts when one connects', async () => {
  const known = await startProgram()
  known.kill('SIGTERM')
  await new Promise((resolve) => known.once('exit', resolve))
  const run = await emit(anEvent('quick.now', { name: 'later' }))
  expect(await readRun(run)).toMatchObject({ state_name: 'Scheduled' })
  await startProgram()
  expect((await server.request('GET', `/flow_runs/${run}/result`)).body).toMatchObject({
    state: { type: 'COMPLETED' },
    result: 'later',
  })
})

test('a server that stops and starts again finds its executors, goes on with their runs, and starts what waited', async () => {
  let release: () => void = () => undefined
  const held = flow('held', async (_: object) => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return 'through the restart'
  })
  const executor = await startExecutor({
    apiUrl: server.apiUrl,
    deployments: [held.toDeployment({ name: 'held', on: 'held.now' })],
    limit: 1,
    onNotice: () => undefined,
  })
  const running = await emit(anEvent('held.now'))
  await inState(running, 'Running')
  const waiting = await emit(anEvent('held.now'))
  const { home } = server
  const port = server.server.port
  await server.stop({ keep: true })
  server = await startTestServer({ home, port })
  await eventually(async () => ((await server.request('GET', '/executors')).body as unknown[]).length === 1)
  expect((await readRun(running)).state_name).toBe('Running')
  release()
  expect((await server.request('GET', `/flow_runs/${running}/result`)).body).toMatchObject({ result: 'through the restart' })
  await inState(waiting, 'Running')
  expect((await readRun(running)).run_count).toBe(1)
  release()
  expect((await server.request('GET', `/flow_runs/${waiting}/result`)).body).toMatchObject({ state: { type: 'COMPLETED' } })
  executor.close()
})

test('after a restart, runs whose executor is gone become Crashed', async () => {
  const child = await startProgram()
  const run = await emit(anEvent('steps.now', { name: 'c' }))
  await eventually(async () => doneEffects().includes('c-first'))
  const { home } = server
  await server.stop({ keep: true })
  child.kill('SIGKILL')
  server = await startTestServer({ home })
  await inState(run, 'Crashed')
})
