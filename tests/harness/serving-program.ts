/** Starts real programs that serve, and the few requests that tests of hosts make of a real server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { anEvent, eventually, runsOf, type TestServer } from './server.ts'

export interface Program {
  readonly child: ChildProcess
  /** What it has printed, on stdout and stderr. */
  output(): string
  /** Settles when it has printed `text`; rejects when it ends before. */
  said(text: string): Promise<void>
  readonly ended: Promise<number | null>
  /** Ends it, and hands back what is at work. */
  stop(): Promise<void>
}

export interface ProgramOptions {
  readonly folder: string
  readonly server: TestServer
  readonly args: readonly string[]
}

/** `node ARGS` in that folder, with that server. */
export function startProgram({ folder, server, args }: ProgramOptions): Program {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: folder,
    env: { ...process.env, PILOTFLAME_API_URL: server.apiUrl, PILOTFLAME_HOME: server.home, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text
      for (const look of waiting) look()
    })
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (output.includes(text)) resolve()
      }
      waiting.add(look)
      void ended.then(() => reject(new Error(`It ended without saying "${text}":\n${output}`)))
      look()
    })
  const stop = async () => {
    child.kill('SIGTERM')
    child.kill('SIGINT') // two of a kind may arrive as one
    await ended
  }
  return { child, output: () => output, said, ended, stop }
}

export interface RunOnWire {
  readonly state_type: string
  readonly state_name: string
  readonly state: { readonly message: string | null }
}

/** Sends an event that starts one run, and gives the run's id. */
export async function startRun(server: TestServer, name: string, payload: object): Promise<string> {
  const event = anEvent(name, payload)
  await server.request('POST', '/events', [event])
  const [id] = await eventually(async () => {
    const ids = await runsOf(server, event.id)
    return ids.length > 0 && ids
  })
  return id ?? ''
}

export const lookAt = async (server: TestServer, id: string): Promise<RunOnWire> =>
  (await server.request('GET', `/flow_runs/${id}`)).body as RunOnWire

const FINAL: ReadonlySet<string> = new Set(['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED'])

export const endOf = (server: TestServer, id: string): Promise<RunOnWire> =>
  eventually(async () => {
    const run = await lookAt(server, id)
    return FINAL.has(run.state_type) && run
  })

/** What the run returned; held open until it has. */
export async function resultOf(server: TestServer, id: string): Promise<unknown> {
  const { body } = await server.request('GET', `/flow_runs/${id}/result`)
  return (body as { result: unknown }).result
}
