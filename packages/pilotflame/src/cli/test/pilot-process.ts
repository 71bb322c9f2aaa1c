/** Runs the real `pilot` in a folder of its own, for tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { install, PILOT } from '../../../../../tests/harness/built.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  /** What came so far, of both. */
  readonly output: () => string
  /** Settles when `text` was said, so many times; rejects when the process ends before. */
  said(text: string, times?: number): Promise<void>
  /** Asks it to end as Ctrl-C does. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
  readonly ended: Promise<Ended>
}

export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'pilot-cli-'))
  readonly env: Record<string, string | undefined>
  readonly #running = new Set<Running>()

  constructor() {
    install(this.folder)
    const { PILOTFLAME_API_URL: _, PREFECT_API_URL: __, ...env } = process.env
    this.env = { ...env, PILOTFLAME_HOME: join(this.folder, 'home'), PILOTFLAME_PORT: '0', NO_COLOR: '1' }
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text)
  }

  start(args: readonly string[], input?: string): Running {
    const child = spawn(process.execPath, [PILOT, ...args], { cwd: this.folder, env: this.env, stdio: 'pipe' })
    const parts = { stdout: '', stderr: '' }
    const watchers = new Set<() => void>()
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        parts[name] += text
        for (const look of watchers) look()
      })
    }
    child.stdin.end(input)
    const output = () => parts.stdout + parts.stderr
    const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...parts })))
    const running: Running = {
      child,
      output,
      ended,
      said: (text, times = 1) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (output().split(text).length > times) resolve()
          }
          watchers.add(look)
          void ended.then(() => reject(new Error(`It ended without saying "${text}":\n${output()}`)))
          look()
        }),
      stop(signal = 'SIGINT') {
        child.kill(signal)
        return ended
      },
    }
    this.#running.add(running)
    void ended.then(() => this.#running.delete(running))
    return running
  }

  run(args: readonly string[], input?: string): Promise<Ended> {
    return this.start(args, input).ended
  }

  /** Ends what still runs, and removes the folder. */
  async remove(): Promise<void> {
    await Promise.all([...this.#running].map((one) => one.stop('SIGTERM')))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const HELLO = `
import { flow, task } from 'pilotflame'
const greeting = task('greeting', async (name: string) => \`Hello, \${name}!\`)
export const hello = flow('hello', async ({ name }: { name: string }, run) => {
  console.log('greets', name)
  if (name === 'forever') await new Promise((resolve) => run.signal.addEventListener('abort', resolve))
  for (const word of (await greeting(name)).split(' ')) run.stream(word + ' ')
  if (name === 'bad') throw new Error('this name is bad')
  return name
}, { parameters: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } })
`
