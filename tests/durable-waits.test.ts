/**
 * What waits, waits through the end of the server: retries, delays and time limits, with a real server process that
 * is ended in order and killed, and with executors of both kinds.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Executor, flow, type ServedDeployment, startExecutor, task } from '@pilotflame/sdk'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { install, PILOT } from './harness/built.ts'
import { eventually } from './harness/server.ts'
import { type ServerProcess, startServerProcess } from './harness/server-process.ts'

let server: ServerProcess
let closers: (() => unknown)[]

beforeEach(async () => {
  closers = []
  server = await startServerProcess()
})
afterEach(async () => {
  for (const close of closers.reverse()) await close()
  await server.remove()
})

interface Run {
  readonly id: string
  readonly state_name: string
  readonly run_count: number
  readonly epoch: number
  readonly start_time: string | null
}

const read = async (id: string): Promise<Run> => (await server.request('GET', `/flow_runs/${id}`)).body as Run
const inState = (id: string, name: string) =>
  eventually(async () => {
    const run = await read(id)
    return run.state_name === name && run
  })
const result = async (id: string) => (await server.request('GET', `/flow_runs/${id}/result`)).body

async function serve(...deployments: ServedDeployment[]): Promise<Executor> {
  const executor = await startExecutor({ apiUrl: server.apiUrl, deployments, limit: 5, onNotice: () => undefined })
  closers.push(() => executor.close())
  return executor
}

async function start(executor: Pick<Executor, 'deployments'>, body: object = {}): Promise<string> {
  const [deployment] = executor.deployments
  const { body: run } = await server.request('POST', `/deployments/${deployment?.id}/create_flow_run`, body)
  return (run as Run).id
}

async function restart(signal: NodeJS.Signals): Promise<void> {
  await server.end(signal)
  server = await server.startAgain()
}

describe.each(['SIGTERM', 'SIGKILL'] as const)('through the end of the server by %s', (signal) => {
  test('a retry comes at its time, and holds no place meanwhile', async () => {
    const flaky = flow(
      'flaky',
      async (_: object, run) => {
        if (run.attempt === 1) throw new Error('not yet')
        return `attempt ${run.attempt}`
      },
      { retries: 1, retryDelayMs: 1_200 },
    )
    const executor = await serve(flaky.toDeployment({ name: 'flaky' }))
    const id = await start(executor)
    await inState(id, 'AwaitingRetry')
    expect(executor.running).toBe(0)
    await restart(signal)
    expect(await result(id)).toMatchObject({ state: { type: 'COMPLETED' }, result: 'attempt 2' })
    expect(await read(id)).toMatchObject({ run_count: 2, epoch: 2 })
  })

  test('a delayed run starts when it is due, and not before', async () => {
    const quick = flow('quick', async (_: object) => 'done')
    const executor = await serve(quick.toDeployment({ name: 'quick' }))
    const due = new Date(Date.now() + 1_200)
    const state = { type: 'SCHEDULED', state_details: { scheduled_time: due.toISOString() } }
    const id = await start(executor, { state })
    await restart(signal)
    expect(await result(id)).toMatchObject({ state: { type: 'COMPLETED' }, result: 'done' })
    expect(Date.parse((await read(id)).start_time ?? '')).toBeGreaterThanOrEqual(due.getTime())
  })

  test('a run goes on without starting again, and its time limit and the retries of its tasks with it', async () => {
    let calls = 0
    const step = task(
      'step',
      async () => {
        calls += 1
        if (calls === 1) throw new Error('not yet')
        return calls
      },
      { retries: 1, retryDelayMs: 1_000 },
    )
    const steps = flow('steps', async (_: object) => step())
    const slow = flow('slow', (_: object) => new Promise(() => undefined), { timeoutMs: 1_000 })
    const stepping = await serve(steps.toDeployment({ name: 'steps' }))
    const limited = await serve(slow.toDeployment({ name: 'slow' }))
    const [first, second] = [await start(stepping), await start(limited)]
    await Promise.all([inState(first, 'Running'), inState(second, 'Running')])
    await restart(signal)
    expect(await result(first)).toMatchObject({ state: { type: 'COMPLETED' }, result: 2 })
    expect(await result(second)).toMatchObject({ state: { type: 'FAILED', name: 'TimedOut' } })
    for (const id of [first, second]) expect(await read(id)).toMatchObject({ run_count: 1, epoch: 1 })
  })
})

test('a call that never ran is made by the next attempt, though a recorded task has made the same one', async () => {
  const charges: string[] = []
  let by = ''
  const charge = task('charge', async (amount: number) => charges.push(`${by} ${amount}`))
  const order = task('order', async (_id: string) => charge(10))
  const shop = flow(
    'shop',
    async (_: object, run) => {
      by = `attempt ${run.attempt}`
      await order('w')
      if (run.attempt === 1) throw new Error('not yet')
      await charge(10)
      if (run.attempt === 2) throw new Error('not yet')
      return charge(10)
    },
    { retries: 2, retryDelayMs: 600 },
  )
  const executor = await serve(shop.toDeployment({ name: 'shop' }))
  const id = await start(executor)
  await inState(id, 'AwaitingRetry')
  await restart('SIGKILL')
  expect(await result(id)).toMatchObject({ state: { type: 'COMPLETED' }, result: 3 })
  expect(charges).toEqual(['attempt 1 10', 'attempt 2 10', 'attempt 3 10'])
})

test('a retry goes to another executor when the first one is gone by then', async () => {
  const flaky = (name: string) =>
    flow(
      'handed-over',
      async (_: object, run) => {
        if (run.attempt === 1) throw new Error('not yet')
        return name
      },
      { retries: 1, retryDelayMs: 600 },
    ).toDeployment({ name: 'handed-over' })
  const first = await serve(flaky('first'))
  const id = await start(first)
  await inState(id, 'AwaitingRetry')
  first.close()
  await serve(flaky('second'))
  await restart('SIGKILL')
  expect(await result(id)).toMatchObject({ state: { type: 'COMPLETED' }, result: 'second' })
})

const FLOW_FILE = `
import { appendFileSync, existsSync } from 'node:fs'
import { flow } from 'pilotflame'
export const held = flow('held', async ({ file, ms = 0, ends = false }, run) => {
  const first = !existsSync(file)
  appendFileSync(file, \`\${run.attempt} \${process.pid}\\n\`)
  if (ends && first) process.exit(3)
  await new Promise((resolve) => setTimeout(resolve, ms))
  return run.attempt
}, { retries: 1, retryDelayMs: 800 })
`

/** A host of fresh processes, started as a user does. */
async function serveFresh(): Promise<{ folder: string; deployment: string; host: ChildProcess }> {
  const folder = mkdtempSync(join(tmpdir(), 'pilotflame-fresh-'))
  install(folder)
  writeFileSync(join(folder, 'held.js'), FLOW_FILE)
  const host = spawn(process.execPath, [PILOT, 'serve', 'held.js', '--isolation', 'fresh', '--warm', '1..2'], {
    cwd: folder,
    env: { ...process.env, PILOTFLAME_API_URL: server.apiUrl },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const gone = new Promise<void>((resolve) => host.once('exit', () => resolve()))
  closers.push(async () => {
    host.kill('SIGTERM')
    await gone
    rmSync(folder, { recursive: true, force: true })
  })
  await new Promise<void>((resolve) => host.stdout.on('data', (text) => String(text).includes('is ready') && resolve()))
  const deployment = (await server.request('GET', '/deployments/name/held/held')).body as { id: string }
  return { folder, deployment: deployment.id, host }
}

const attemptsIn = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

test('a run in a fresh process goes on through kill -9 of the server, and runs that waited start after it', async () => {
  const { folder, deployment } = await serveFresh()
  const file = join(folder, 'attempts.txt')
  const id = await start(
    { deployments: [{ id: deployment, flow_name: 'held', name: 'held' }] },
    { parameters: { file, ms: 2_500 } },
  )
  await eventually(async () => attemptsIn(file).length === 1)
  await inState(id, 'Running')
  await restart('SIGKILL')
  const next = join(folder, 'next.txt')
  const second = await start(
    { deployments: [{ id: deployment, flow_name: 'held', name: 'held' }] },
    { parameters: { file: next } },
  )
  expect(await result(second)).toMatchObject({ state: { type: 'COMPLETED' } })
  expect(await result(id)).toMatchObject({ state: { type: 'COMPLETED' }, result: 1 })
  expect(await read(id)).toMatchObject({ run_count: 1, epoch: 1 })
  expect(attemptsIn(file)).toHaveLength(1)
})

test('a fresh process that dies is tried again through kill -9 of the server, in another process', async () => {
  const { folder, deployment } = await serveFresh()
  const file = join(folder, 'attempts.txt')
  const id = await start(
    { deployments: [{ id: deployment, flow_name: 'held', name: 'held' }] },
    { parameters: { file, ends: true } },
  )
  await inState(id, 'AwaitingRetry')
  await restart('SIGKILL')
  expect(await result(id)).toMatchObject({ state: { type: 'COMPLETED' } })
  const pids = attemptsIn(file).map((line) => line.split(' ')[1])
  expect(new Set(pids).size).toBe(2)
})

test('a second signal ends the server at once, and what was acknowledged is there afterwards', async () => {
  const id = crypto.randomUUID()
  const event = { id, occurred: new Date().toISOString(), event: 'x.y', resource: { 'prefect.resource.id': 'x' }, payload: {} }
  expect((await server.request('POST', '/events', event)).status).toBe(204)
  server.process.kill('SIGTERM')
  expect(await server.end('SIGTERM')).not.toBe(null)
  server = await server.startAgain()
  expect((await server.request('GET', `/events/${id}`)).status).toBe(200)
})
