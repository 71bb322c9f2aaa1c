/** The server and the executors of a chaos test, each a process of its own, on a folder of the disk. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { GRACE_SECONDS } from '../../packages/worker/src/group-guard.ts'
import { processesOf } from '../harness/processes-of.ts'
import { freePort, makeProject } from '../harness/project.ts'
import { type Database, openForReading, readEffects } from './read-facts.ts'
import { Victim } from './victim.ts'

const FLOWS = fileURLToPath(new URL('./flows.ts', import.meta.url))
const START_MS_MAX = 30_000
const END_MS_MAX = 10_000
/** An endless loop does not see that its host was killed: the guard ends it after its grace, which it counts in whole seconds. */
const LEAVE_MS_MAX = (GRACE_SECONDS + 3) * 1_000

export interface Stage {
  readonly apiUrl: string
  readonly folder: string
  readonly isolation: Isolation
  readonly victims: readonly [Victim, ...Victim[]]
  readonly effectsFile: string
  /** The processes that hosts keep for runs, or those alone that are seen at work; none where runs share the executor's own. */
  children(): readonly number[]
  readonly database: Database
  /** Runs that have not ended, whose server says so; undefined while it does not answer. */
  unfinished(): Promise<readonly string[] | undefined>
  /** The run that an event has started; undefined while the server does not answer. */
  runOf(event: string): Promise<string | undefined>
  /** Ends all of it, and says what did not end as it should, or was left behind. */
  end(): Promise<string[]>
  remove(): void
}

async function answers(url: string, init: RequestInit = {}): Promise<unknown> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(2_000) })
    return response.ok ? await response.json() : undefined
  } catch {
    return undefined
  }
}

async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + START_MS_MAX
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`${what} within ${START_MS_MAX / 1000} s`)
    await sleep(20)
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    const tell = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => tell(true)).once('error', () => tell(false))
  })

/** What ends by itself has ended soon after those who have started it. */
async function leftBehind(mark: string): Promise<string[]> {
  const deadline = performance.now() + LEAVE_MS_MAX
  while (processesOf(mark).length > 0 && performance.now() < deadline) await sleep(50)
  return processesOf(mark).map(({ pid, command }) => `pid ${pid} (${command}) was left behind`)
}

export const ISOLATIONS = ['none', 'fresh', 'reuse'] as const
export type Isolation = (typeof ISOLATIONS)[number]

export interface StageOptions {
  /** How the executors run: `none` is in their own process. */
  readonly isolation: Isolation
  readonly executors: number
}

export async function setStage({ isolation, executors }: StageOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'pilotflame-chaos-'))
  const { pilot, flows } = makeProject(folder, FLOWS)
  const home = join(folder, 'home')
  const effectsFile = join(folder, 'effects.jsonl')
  writeFileSync(effectsFile, '')
  const port = await freePort()
  const apiUrl = `http://127.0.0.1:${port}/api`
  const mark = `CHAOS_EFFECTS=${effectsFile}`
  const { PILOTFLAME_HOME: _, PREFECT_API_URL: __, ...rest } = process.env
  const env = { ...rest, NO_COLOR: '1', PILOTFLAME_API_URL: apiUrl, CHAOS_EFFECTS: effectsFile }
  const made = (
    name: string,
    args: readonly string[],
    more: NodeJS.ProcessEnv,
    ready: (victim: Victim) => Promise<void>,
  ): Victim =>
    new Victim({
      name,
      args,
      cwd: folder,
      env: { ...env, ...more },
      logFile: join(folder, `${name}.log`),
      ready,
    })
  const server = made(
    'server',
    [pilot, 'server', 'start', '--home', home, '--port', String(port), '--log-level', 'info'],
    {},
    () => until('the server was not ready', async () => (await answers(`${apiUrl}/health`)) === true),
  )
  const others = Array.from({ length: executors }, (_, index) =>
    made(`executor ${index + 1}`, [flows], { CHAOS_ISOLATION: isolation }, (victim) =>
      until(`${victim.name} was not ready`, () => victim.atWork),
    ),
  )
  const victims = [server, ...others] as const
  for (const victim of victims) victim.start()
  await Promise.all(victims.map((victim) => victim.ready()))
  const database = openForReading(join(home, 'pilotflame.db'))

  return {
    apiUrl,
    folder,
    isolation,
    victims,
    effectsFile,
    database,
    async unfinished() {
      // The server's own word, first: what it answers is in the tables then.
      const count = await answers(`${apiUrl}/flow_runs/count`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      return typeof count === 'number' ? database.unfinished() : undefined
    },
    children() {
      const all = processesOf(mark)
        .filter(({ isChild }) => isChild)
        .map(({ pid }) => pid)
      const lines = readEffects(effectsFile)
      const done = new Set(lines.filter(({ kind }) => kind === 'done').map(({ pid }) => pid))
      const begun = new Set(lines.map(({ pid }) => pid))
      const busy = all.filter((pid) => begun.has(pid) && !done.has(pid))
      return busy.length > 0 ? busy : all
    },
    async runOf(event) {
      const verdicts = await answers(`${apiUrl}/events/${event}/verdicts`)
      const outcomes = (verdicts ?? []) as { outcome: { runs?: { flow_run_id: string }[] } }[]
      return outcomes.flatMap(({ outcome }) => outcome.runs ?? [])[0]?.flow_run_id
    },
    async end() {
      const wrong: string[] = []
      for (const victim of [...others, server]) {
        const code = await victim.end(END_MS_MAX)
        if (code !== 0) wrong.push(`${victim.name} ${typeof code === 'string' ? code : `ended with ${code}`}`)
      }
      database.close()
      wrong.push(...(await leftBehind(mark)))
      if (existsSync(join(home, 'channel.sock'))) wrong.push('channel.sock was left behind')
      if (await listens(port)) wrong.push(`somebody still listens on port ${port}`)
      const after = openForReading(join(home, 'pilotflame.db'))
      const integrity = after.integrity()
      after.close()
      if (integrity !== 'ok') wrong.push(`the database is broken: ${integrity}`)
      return wrong
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
