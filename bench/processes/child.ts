/** The bench's side: starts a program of its own, asks it things, and ends it. */
import { type ChildProcess, fork } from 'node:child_process'
import { nowMs } from '../numbers/clock.ts'
import type { Ask, FromChild } from './answer-parent.ts'

// 5 s: a server that stops writes what is under way.
const STOP_MS_MAX = 5_000
const READY_MS_MAX = 20_000

export interface StartOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Flags of Node itself. */
  readonly execArgv?: readonly string[]
}

type Waiting = PromiseWithResolvers<unknown>

export class Child {
  /** From the call that starts the process to its word that it is ready. */
  readyMs = 0
  facts: unknown = null
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<void>
  readonly #ready = Promise.withResolvers<void>()
  readonly #name: string
  #lastId = 0
  #stopping = false

  private constructor(program: string, { args = [], env = {}, execArgv = [] }: StartOptions) {
    this.#name = program.split('/').at(-1) ?? program
    const startedAt = nowMs()
    this.#process = fork(program, args, {
      env: { ...process.env, ...env },
      execArgv: ['--disable-warning=ExperimentalWarning', ...execArgv],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#process.on('message', (message) => this.#hear(message as FromChild, startedAt))
    this.#process.on('error', (error) => this.#fail(error))
    this.#exited = new Promise((resolve) => this.#process.once('exit', resolve)).then(() => {
      const code = this.#process.exitCode ?? this.#process.signalCode
      this.#fail(new Error(`${this.#name} ended (${code}) while the bench still needed it.`))
    })
  }

  /** Settles when the program has said that it is ready. */
  static async start(program: string, options: StartOptions = {}): Promise<Child> {
    const child = new Child(program, options)
    const timer = setTimeout(() => child.#fail(new Error(`${child.#name} was not ready within 20 s.`)), READY_MS_MAX)
    try {
      await child.#ready.promise
    } catch (error) {
      child.kill()
      throw error
    } finally {
      clearTimeout(timer)
    }
    return child
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  #hear(message: FromChild, startedAt: number): void {
    if (message.type === 'ready') {
      this.readyMs = nowMs() - startedAt
      this.facts = message.facts
      return this.#ready.resolve()
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.error === undefined) waiting?.resolve(message.value)
    else waiting?.reject(new Error(`${this.#name}: ${message.error}`))
  }

  #fail(error: Error): void {
    this.#ready.reject(error)
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }

  /** The caller knows what the program answers: both are parts of the bench. */
  ask<T>(command: string, argument: unknown = null): Promise<T> {
    const id = ++this.#lastId
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    const ask: Ask = { type: 'ask', id, command, argument }
    this.#process.send(ask, (error) => error && waiting.reject(error))
    return waiting.promise as Promise<T>
  }

  /** Asks it to stop, and kills it when it does not. */
  async stop({ limitMs = STOP_MS_MAX }: { limitMs?: number } = {}): Promise<void> {
    if (this.#stopping) return this.#exited
    this.#stopping = true
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const timer = setTimeout(() => this.kill(), limitMs)
    this.ask('stop').catch(() => undefined)
    await this.#exited
    clearTimeout(timer)
  }

  /** Settles when the process is gone. */
  get ended(): Promise<void> {
    return this.#exited
  }

  /** Without a word. What is asked of it meanwhile fails. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
