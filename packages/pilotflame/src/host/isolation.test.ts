/** Programs with `isolation` against a real server: what a user sees of processes of their own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { install, PILOT } from '../../../../tests/harness/built.ts'
import { eventually, startTestServer, type TestServer } from '../../../../tests/harness/server.ts'
import { endOf, lookAt, type Program, resultOf, startProgram, startRun } from '../../../../tests/harness/serving-program.ts'

let server: TestServer
let folder: string
const started: Program[] = []

beforeEach(async () => {
  server = await startTestServer()
  folder = mkdtempSync(join(tmpdir(), 'pilotflame-isolation-'))
  install(folder)
})

afterEach(async () => {
  await Promise.all(started.splice(0).map((program) => program.stop()))
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

function start(args: readonly string[]): Program {
  const program = startProgram({ folder, server, args })
  started.push(program)
  return program
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const NOTES = () => readFileSync(join(folder, 'notes'), 'utf8').split('\n').filter(Boolean)

const PROGRAM = `
import { appendFileSync } from 'node:fs'
import { flow } from 'pilotflame'

const note = (text: string) => appendFileSync('notes', text + '\\n')
let runs = 0
export const work = flow('work', async ({ how }: { how: string }, run) => {
  run.stream('on it')
  if (how === 'exit') process.exit(1)
  if (how === 'reject') { void Promise.reject(new Error('nobody')); await new Promise(() => {}) }
  if (how === 'slow') await new Promise((resolve) => setTimeout(resolve, 600))
  if (how === 'stuck') { note('stuck'); await new Promise(() => setInterval(() => {}, 1000)) }
  return { pid: process.pid, runs: ++runs, secret: process.env.SECRET ?? null, main: import.meta.main }
})
const onStart = () => { note('start ' + process.pid) }
const isolation = process.argv[2] as 'fresh' | 'reuse'
if (import.meta.main) await work.serve({ on: 'work.now', isolation, warm: { min: 1, max: 4 }, cancelGraceMs: 300, killGraceMs: 300, env: { SECRET: 'of work' }, onStart })
`

interface Result {
  readonly pid: number
  readonly runs: number
  readonly secret: string | null
  readonly main: boolean
}

const begin = (how: string) => startRun(server, 'work.now', { how })
const inState = (id: string, type: string) => eventually(async () => (await lookAt(server, id)).state_type === type)
const run = async (how: string) => (await resultOf(server, await begin(how))) as Result

async function serving(isolation: string): Promise<Program> {
  const program = start([write('work.ts', PROGRAM), isolation])
  await program.said('work is ready: waiting for work.now')
  return program
}

test('fresh: each run has a process of its own, which was ready before', async () => {
  const host = await serving('fresh')
  expect(host.output()).toContain('(fresh processes, 1 warm)')
  const [before = ''] = NOTES()
  const first = await run('')
  const second = await run('')
  expect(before).toBe(`start ${first.pid}`)
  expect(first).toMatchObject({ runs: 1, secret: 'of work', main: true })
  expect(second).toMatchObject({ runs: 1 })
  expect(new Set([first.pid, second.pid, host.child.pid]).size).toBe(3)
})

test('reuse: a process takes one run after the other', async () => {
  await serving('reuse')
  const first = await run('')
  const second = await run('')
  expect(second.pid).toBe(first.pid)
  expect(second.runs).toBe(2)
})

test('a run that ends its process harms no neighbour', async () => {
  await serving('fresh')
  const slow = await begin('slow')
  await inState(slow, 'RUNNING')
  const bad = await endOf(server, await begin('exit'))
  expect(bad).toMatchObject({ state_type: 'CRASHED', state: { message: 'exit code 1' } })
  const rejected = await endOf(server, await begin('reject'))
  expect(rejected.state.message).toBe('exit code 1: Unhandled rejection: Error: nobody')
  expect((await endOf(server, slow)).state_type).toBe('COMPLETED')
  expect((await endOf(server, await begin(''))).state_type).toBe('COMPLETED')
})

test('a cancelled run that does not stop is ended, and its message says how', async () => {
  await serving('fresh')
  const stuck = await begin('stuck')
  await eventually(async () => NOTES().includes('stuck'))
  await server.request('POST', `/flow_runs/${stuck}/set_state`, { state: { type: 'CANCELLING' } })
  const { state_type, state } = await endOf(server, stuck)
  expect({ state_type, message: state.message }).toEqual({
    state_type: 'CANCELLED',
    message: expect.stringMatching(/abort.*SIGTERM/s),
  })
})

test('SIGTERM drains: the run at work ends, and no process is left', async () => {
  const host = await serving('fresh')
  const slow = await begin('slow')
  await inState(slow, 'RUNNING')
  host.child.kill('SIGTERM')
  expect(await host.ended).toBe(0)
  expect((await endOf(server, slow)).state_type).toBe('COMPLETED')
})

test('a second signal hands the run back: it waits for the next host', async () => {
  const host = await serving('fresh')
  const stuck = await begin('stuck')
  await eventually(async () => NOTES().includes('stuck'))
  host.child.kill('SIGTERM')
  host.child.kill('SIGINT')
  await host.ended
  await inState(stuck, 'SCHEDULED')
  expect((await lookAt(server, stuck)).state.message).toContain('handed back')
})

test('a hook that throws is told by the host, which goes on trying', async () => {
  const text = PROGRAM.replace("note('start ' + process.pid)", "throw new Error('no database')")
  const host = start([write('work.ts', text), 'fresh'])
  await host.said('did not start: Error: no database')
  await host.said('(fresh processes, which do not start yet)')
})

test('a package that is installed belongs to the run that calls it', async () => {
  mkdirSync(join(folder, 'node_modules', 'steps'))
  write('node_modules/steps/package.json', '{"name":"steps","type":"module","exports":"./index.js"}')
  const text = `export const step = task('step', async () => currentRun()?.name ?? 'nobody')`
  write('node_modules/steps/index.js', `import { currentRun, task } from 'pilotflame'\n${text}`)
  const program = `
    import { flow } from 'pilotflame'
    import { step } from 'steps'
    const work = flow('work', async (_, run) => ({ named: run.name, seen: await step() }))
    await work.serve({ on: 'work.now', isolation: 'fresh' })
  `
  const host = start([write('work.ts', program)])
  await host.said('work is ready')
  const result = (await run('')) as unknown as { named: string; seen: string }
  expect(result.seen).toBe(result.named)
})

test('a deployment whose own environment wants no compile cache has none', async () => {
  const program = `
    import { getCompileCacheDir } from 'node:module'
    import { flow } from 'pilotflame'
    const work = flow('work', async () => ({ told: process.execArgv.join(), cache: getCompileCacheDir() ?? null }))
    await work.serve({ on: 'work.now', isolation: 'fresh', env: { NODE_DISABLE_COMPILE_CACHE: '1' } })
  `
  const host = start([write('work.ts', program)])
  await host.said('work is ready')
  const result = (await run('')) as unknown as { told: string; cache: string | null }
  expect(result.told).not.toContain('compile-whole')
  expect(result.cache).toBeNull()
})

const FILE = `
import { flow } from 'pilotflame'
import { answer } from './answer.ts'
export const hello = flow('hello', async () => ({ answer, pid: process.pid, main: import.meta.main }))
export const bye = flow('bye', async () => ({ answer, pid: process.pid }))
`

test('pilot serve --isolation: flows of a file, with what it imports', async () => {
  write('answer.ts', 'export const answer: number = 42')
  write('flows.ts', FILE)
  const host = start([PILOT, 'serve', 'flows.ts', '--isolation', 'fresh', '--warm', '1..2', '--memory', '256'])
  await host.said('are ready (fresh processes, 2 warm)')
  const { body } = await server.request('POST', '/deployments/filter', {})
  const deployments = body as readonly { id: string; name: string; entrypoint: string }[]
  expect(deployments.map(({ entrypoint }) => entrypoint).sort()).toEqual(['flows.ts:bye', 'flows.ts:hello'])
  for (const { id, name } of deployments) {
    const created = await server.request('POST', `/deployments/${id}/create_flow_run`, {})
    const result = (await resultOf(server, (created.body as { id: string }).id)) as { answer: number; pid: number }
    expect(result).toMatchObject({ answer: 42, ...(name === 'hello' ? { main: false } : {}) })
    expect(result.pid).not.toBe(host.child.pid)
  }
})
