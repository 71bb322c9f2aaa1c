/** The server that the cases talk to, in a process of its own on a temporary home: ours from the built bundle, or Prefect's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../harness/project.ts'

const PACKAGE = fileURLToPath(new URL('../../packages/pilotflame', import.meta.url))
const START_MS_MAX = 60_000
const END_MS_MAX = 10_000

export interface Server {
  readonly apiUrl: string
  readonly pid: number
  /** From the start of its process until it answered. */
  readonly readyMs: number
  /** What it has printed. */
  output(): string
  stop(): Promise<void>
}

export interface ServerOptions {
  /** A folder of its own, made by the caller. */
  readonly home: string
  /** What clients have to send, `user:password`; undefined lets everybody in. */
  readonly authString?: string | undefined
}

/** Ours. The bundle is copied, so that a build during the run does not take it away. */
export async function startOurs({ home, authString }: ServerOptions): Promise<Server> {
  for (const part of ['dist', 'package.json']) cpSync(join(PACKAGE, part), join(home, 'bundle', part), { recursive: true })
  const port = await freePort()
  const args = ['--disable-warning=ExperimentalWarning', join(home, 'bundle', 'dist', 'pilot.js'), 'server', 'start']
  const env = { PILOTFLAME_HOME: home, ...(authString ? { PILOTFLAME_API_AUTH_STRING: authString } : {}) }
  return start(process.execPath, [...args, '--home', home, '--port', String(port)], home, port, env)
}

/** Prefect's own, which proves the cases. */
export async function startReference(bin: string, { home, authString }: ServerOptions): Promise<Server> {
  const port = await freePort()
  const env = {
    PREFECT_HOME: home,
    PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
    PREFECT_SERVER_UI_ENABLED: 'false',
    DO_NOT_TRACK: '1',
    ...(authString ? { PREFECT_SERVER_API_AUTH_STRING: authString } : {}),
  }
  return start(join(bin, 'prefect'), ['server', 'start', '--host', '127.0.0.1', '--port', String(port)], home, port, env)
}

async function start(
  program: string,
  args: readonly string[],
  home: string,
  port: number,
  env: Readonly<Record<string, string>>,
): Promise<Server> {
  const log = join(home, 'server.log')
  const file = openSync(log, 'a')
  const began = performance.now()
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', file, file], detached: true })
  const output = () => readFileSync(log, 'utf8')
  const apiUrl = `http://127.0.0.1:${port}/api`
  await untilHealthy(apiUrl, child, output)
  return { apiUrl, pid: child.pid ?? 0, readyMs: performance.now() - began, output, stop: () => stop(child) }
}

async function untilHealthy(apiUrl: string, child: ChildProcess, output: () => string): Promise<void> {
  for (const deadline = Date.now() + START_MS_MAX; Date.now() < deadline; await sleep(10)) {
    if (child.exitCode !== null) break
    const response = await fetch(`${apiUrl}/health`).catch(() => undefined)
    if (response && response.status < 500) return
  }
  await stop(child)
  throw new Error(`The server did not start:\n${output().slice(-2_000)}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await Promise.race([gone, sleep(END_MS_MAX, undefined, { ref: false })])
  endGroup(child.pid)
  await gone
}

/** Ends what is left of a process's group: it, and what it has started. */
export function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
