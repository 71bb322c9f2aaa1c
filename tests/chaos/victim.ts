/** A process that is killed and stopped at will, started again each time, and that has to end by itself at last. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'

/** What `pilot server start` and `serve` say when they are. */
const READY = /\b(is|are) ready\b/

export interface VictimOptions {
  readonly name: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** What it says goes there. */
  readonly logFile: string
  /** Settles when it is ready, as far as anybody waits for that. */
  readonly ready: (victim: Victim) => Promise<void>
}

export class Victim {
  readonly name: string
  readonly #options: VictimOptions
  #child: ChildProcess | null = null
  #exited: Promise<number | null> = Promise.resolve(null)
  #stopped = false
  /** Where this process began to write in the file that it shares with those before it. */
  #logFrom = 0
  /** True while its end is what this test wants. */
  #mayEnd = false
  readonly #endedByItself = Promise.withResolvers<string>()

  constructor(options: VictimOptions) {
    this.name = options.name
    this.#options = options
    // Whatever happens to the test, its processes do not outlive it.
    process.once('exit', () => this.#child?.kill('SIGKILL'))
  }

  /** Settles when it has ended without being asked to: with how. */
  get endedByItself(): Promise<string> {
    return this.#endedByItself.promise
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get alive(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  start(): void {
    const { args, env, cwd, logFile } = this.#options
    const log = openSync(logFile, 'a')
    this.#logFrom = fstatSync(log).size
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', log, log] })
    closeSync(log)
    this.#child = child
    this.#mayEnd = false
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        if (!this.#mayEnd) this.#endedByItself.resolve(`${this.name} has ended by itself, with ${code ?? signal}`)
        resolve(code)
      })
    })
  }

  ready(): Promise<void> {
    return this.#options.ready(this)
  }

  /** It works: killing one that is just being started would say little. */
  get atWork(): boolean {
    return this.alive && !this.#stopped && READY.test(this.said())
  }

  /** What the process that is there now has said. */
  said(): string {
    return readFileSync(this.#options.logFile).subarray(this.#logFrom).toString()
  }

  /** `kill -9`, and a new one in its place at once. */
  async killAndRestart(): Promise<void> {
    this.#mayEnd = true
    this.resume()
    this.#child?.kill('SIGKILL')
    await this.#exited
    this.start()
  }

  stop(): void {
    if (!this.alive || this.#stopped) return
    this.#stopped = true
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    if (!this.#stopped) return
    this.#stopped = false
    this.#child?.kill('SIGCONT')
  }

  /** Asks it to end, as Ctrl-C does; the code it ended with, or what it did instead. */
  async end(withinMs: number): Promise<number | string | null> {
    this.resume()
    await this.ready() // before that, a signal has nobody to listen to it
    this.#mayEnd = true
    if (!this.alive) return `had ended before, with ${this.#child?.exitCode ?? this.#child?.signalCode}`
    this.#child?.kill('SIGTERM')
    const late = Promise.withResolvers<string>()
    const timer = setTimeout(() => late.resolve(`had not ended ${withinMs / 1000} s after SIGTERM`), withinMs)
    try {
      return await Promise.race([this.#exited, late.promise])
    } finally {
      clearTimeout(timer)
      if (this.alive) this.#child?.kill('SIGKILL')
    }
  }
}
