/** A process that serves one version of a flow file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { ServerAddress } from '@pilotflame/sdk'
import type { Bundle } from '../../bundle/bundle-program.ts'
import { pilotEntry } from '../pilot-entry.ts'
import type { FlowFileKind } from './find-flow-files.ts'

export interface FlowProcessOptions {
  readonly bundle: Bundle
  readonly kind: FlowFileKind
  /** The file as people call it. */
  readonly name: string
  readonly server: ServerAddress
  /** True when the server knows an executor with this process id. */
  isConnected(pid: number): boolean
  onLine(text: string): void
}

const LOOK_MS = 20
/** What `serve` says of itself when it is ready; whoever starts it says it in its own words. */
const READY_LINE = / (is|are) ready( \(|: waiting for )/

function argumentsOf({ bundle, kind, name }: FlowProcessOptions): string[] {
  const node = ['--enable-source-maps', '--disable-warning=ExperimentalWarning']
  if (kind === 'serves') return [...node, bundle.path]
  return [...node, pilotEntry(), 'serve', bundle.path, '--entrypoint', name]
}

export class FlowProcess {
  readonly #child: ChildProcess
  /** Settles with how it ended. */
  readonly ended: Promise<string>
  #over = false

  constructor(options: FlowProcessOptions) {
    const { apiUrl, authString } = options.server
    this.#child = spawn(process.execPath, argumentsOf(options), {
      env: {
        ...process.env,
        PILOTFLAME_API_URL: apiUrl,
        ...(authString === null ? {} : { PILOTFLAME_API_AUTH_STRING: authString }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C reaches it through us, once.
      detached: process.platform !== 'win32',
    })
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(error.message))
      this.#child.once('close', (code, signal) => resolve(signal === null ? `code ${code}` : `signal ${signal}`))
    })
    void this.ended.then(() => {
      this.#over = true
    })
    this.#pass(this.#child.stdout, options.onLine)
    this.#pass(this.#child.stderr, options.onLine)
  }

  #pass(stream: Readable | null, onLine: (text: string) => void): void {
    if (stream === null) return
    createInterface({ input: stream }).on('line', (line) => {
      if (!READY_LINE.test(line)) onLine(line)
    })
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  get over(): boolean {
    return this.#over
  }

  /** True when the server has welcomed it, false when it ended before that. */
  async ready(isConnected: (pid: number) => boolean): Promise<boolean> {
    while (!this.#over) {
      if (isConnected(this.pid)) return true
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    return false
  }

  /** Takes no new runs, lets those at work end, and settles when it is gone. */
  async drain(): Promise<void> {
    if (!this.#over) this.#child.kill('SIGTERM')
    await this.ended
  }
}
