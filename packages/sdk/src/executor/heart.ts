/**
 * Starts the beat's thread after the welcome, and keeps it on the session's current address. In a process that a host
 * watches it starts with the first run that takes longer: most of those processes never need one.
 */
import type { Worker } from 'node:worker_threads'
import { type BeatOptions, keepBeating } from './beat.ts'
import type { Target } from './channel-lines.ts'

const BEAT_MS = 2_000
// A thread takes some 20 ms of CPU to start: the first run goes first. A session lives 6 s without a beat.
const START_MS = 250
// A fresh process is gone by then, mostly; until it beats, its open channel says that it lives.
const START_OF_RUN_MS = 2_000

const threadUrl = (): URL => new URL(import.meta.url.endsWith('.ts') ? './beat-thread.ts' : './beat-thread.js', import.meta.url)

export class Heart {
  readonly #startsWith: 'welcome' | 'run'
  #worker: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #stopFallback: (() => void) | undefined
  #options: BeatOptions | undefined
  #stopped = false

  constructor(startsWith: 'welcome' | 'run') {
    this.#startsWith = startsWith
  }

  /** Beats for this session from now on. */
  beatFor(sessionId: string, target: Target): void {
    const first = this.#options === undefined
    this.#options = { sessionId, target, everyMs: BEAT_MS }
    if (this.#worker) this.#worker.postMessage(this.#options)
    else if (this.#stopFallback) this.#beatHere()
    else if (this.#startsWith === 'welcome' || !first) this.#startIn(START_MS) // a session that comes back must beat
  }

  /** A run is here. */
  runTaken(): void {
    this.#startIn(START_OF_RUN_MS)
  }

  #startIn(delayMs: number): void {
    if (!this.#worker && !this.#stopFallback) this.#timer ??= setTimeout(() => this.#start(), delayMs).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#stopFallback?.()
    void this.#worker?.terminate()
  }

  #start(): void {
    try {
      const { Worker } = process.getBuiltinModule('node:worker_threads') // most processes of a host never need it
      const worker = new Worker(threadUrl(), { workerData: this.#options, execArgv: [], env: {}, stdin: false })
      worker.unref()
      worker.on('error', () => this.#beatHere())
      this.#worker = worker
    } catch {
      this.#beatHere()
    }
  }

  /** Where the thread's file is not beside this one, as in a bundle of the user's own, the main thread beats. */
  #beatHere(): void {
    this.#worker = undefined
    this.#stopFallback?.()
    if (this.#options && !this.#stopped) this.#stopFallback = keepBeating(this.#options)
  }
}
