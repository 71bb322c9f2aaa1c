/**
 * Many Python clients at once: each creates a run at the same moment as the others, and then runs flows whose flow and
 * task are tried again, for a while. After it the server has to know all of it: every run's and task run's states in
 * order, every line of the log once and in order, and no request may have been answered with a server's error.
 */
import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { CrewSettings } from './crew.ts'
import type { Recorder } from './recorder.ts'
import { endGroup } from './servers.ts'

const CLIENT = fileURLToPath(new URL('./python/load_client.py', import.meta.url))
const FLOW_STATES = 'Pending Running AwaitingRetry Running Completed'
const TASK_STATES = ['Pending Running Completed', 'Pending Running Completed', 'Pending Running Retrying Completed']
const END_MS_MAX = 120_000

interface Told {
  /** The run that it made at the same moment as the others; null where it could not. */
  readonly created: string | null
  readonly runs: readonly string[]
  readonly lines: number
  /** What its flows and requests raised. */
  readonly errors: readonly string[]
}

export interface LoadResult {
  readonly clients: number
  readonly runs: number
  readonly wrong: readonly string[]
}

interface LoadClient {
  readonly ready: Promise<void>
  readonly told: Promise<Told>
  go(): void
  end(): void
}

function startClient({ bin, env, folder }: CrewSettings, seconds: number, index: number): LoadClient {
  const log = openSync(join(folder, `load-${index}.log`), 'a')
  const child = spawn(join(bin, 'python'), [CLIENT, String(seconds)], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', log],
    detached: true,
  })
  const ready = Promise.withResolvers<void>()
  const told = Promise.withResolvers<Told>()
  createInterface({ input: child.stdout as Readable }).on('line', (line) => {
    if (line === 'ready') ready.resolve()
    else if (line.startsWith('{"created"')) told.resolve(JSON.parse(line) as Told)
  })
  child.once('exit', (code) => {
    const error = new Error(`A client ended with ${code} before it was through; see load-${index}.log.`)
    ready.reject(error)
    told.reject(error)
  })
  told.promise.catch(() => {})
  return {
    ready: ready.promise,
    told: told.promise,
    go: () => void child.stdin?.write('go\n'),
    end: () => endGroup(child.pid ?? 0),
  }
}

/** Plays it, and says what is wrong afterwards. */
export async function playLoad(recorder: Recorder, settings: CrewSettings, size: number, seconds: number): Promise<LoadResult> {
  const clients = Array.from({ length: size }, (_, index) => startClient(settings, seconds, index + 1))
  try {
    await Promise.all(clients.map(({ ready }) => ready))
    for (const client of clients) client.go()
    const told = await Promise.all(clients.map((client) => client.told))
    const wrong = [...new Set(recorder.serverErrors)].map((line) => `the server answered: ${line}`)
    for (const { created, runs, lines, errors } of told) {
      wrong.push(...errors.map((error) => `a client was told: ${error}`))
      const state = created ? await stateNames(recorder, 'flow_run', created) : 'Pending'
      if (state !== 'Pending') wrong.push(`run ${created} was created and is: ${state}`)
      for (const run of runs) wrong.push(...(await settled(() => checkRun(recorder, run, lines))))
    }
    return { clients: size, runs: told.reduce((sum, { runs }) => sum + runs.length, 0), wrong }
  } finally {
    for (const client of clients) client.end()
  }
}

/** What is still wrong after a while: Prefect's own server records task runs and logs some time after they came. */
async function settled(check: () => Promise<string[]>): Promise<string[]> {
  const deadline = Date.now() + END_MS_MAX
  for (;;) {
    const wrong = await check()
    if (wrong.length === 0 || Date.now() > deadline) return wrong
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

async function ask(recorder: Recorder, path: string, body?: unknown): Promise<unknown> {
  const post = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(`${recorder.apiUrl}${path}`, body === undefined ? {} : post)
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`)
  return response.json()
}

async function stateNames(recorder: Recorder, kind: 'flow_run' | 'task_run', id: string): Promise<string> {
  const states = (await ask(recorder, `/${kind}_states/?${kind}_id=${id}`)) as { name: string; timestamp: string }[]
  return states
    .toSorted((a, b) => a.timestamp.localeCompare(b.timestamp))
    .map(({ name }) => name)
    .join(' ')
}

async function checkRun(recorder: Recorder, id: string, lines: number): Promise<string[]> {
  const wrong: string[] = []
  const states = await stateNames(recorder, 'flow_run', id)
  if (states !== FLOW_STATES) wrong.push(`run ${id} was: ${states}`)
  const filter = { flow_runs: { id: { any_: [id] } } }
  const taskRuns = (await ask(recorder, '/task_runs/filter', filter)) as { id: string; state_name: string }[]
  const found = await Promise.all(taskRuns.map((taskRun) => stateNames(recorder, 'task_run', taskRun.id)))
  if (found.sort().join() !== TASK_STATES.join()) wrong.push(`the task runs of ${id} were: ${found.join(', ')}`)
  if (taskRuns.some(({ state_name }) => state_name !== 'Completed')) wrong.push(`a task run of ${id} is not Completed`)
  const query = { logs: { flow_run_id: { any_: [id] } }, sort: 'TIMESTAMP_ASC' }
  const log = (await ask(recorder, '/logs/filter', query)) as { message: string }[]
  const heard = log.map(({ message }) => message).filter((message) => message.startsWith('line '))
  const said = Array.from({ length: lines }, (_, line) => `line ${line}`)
  if (heard.join() !== said.join()) wrong.push(`the log of ${id} has: ${heard.join()}`)
  return wrong
}
