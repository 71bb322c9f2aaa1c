/** Starts the beat's thread after the welcome, and keeps it on the session's current address. */
import { Worker } from 'node:worker_threads'
import { type BeatOptions, keepBeating } from './beat.ts'
import type { Target } from './connection.ts'

const BEAT_MS = 2_000
// A thread takes some 20 ms of CPU to start: the first run goes first. A session lives 6 s without a beat.
const START_MS = 250

const threadUrl = (): URL => new URL(import.meta.url.endsWith('.ts') ? './beat-thread.ts' : './beat-thread.js', import.meta.url)

export class Heart {
  #worker: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #stopFallback: (() => void) | undefined
  #options: BeatOptions | undefined
  #stopped = false

  /** Beats for this session from now on. */
  beatFor(sessionId: string, target: Target): void {
    this.#options = { sessionId, target, everyMs: BEAT_MS }
    if (this.#worker) this.#worker.postMessage(this.#options)
    else if (this.#stopFallback) this.#beatHere()
    else this.#timer ??= setTimeout(() => this.#start(), START_MS).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#stopFallback?.()
    void this.#worker?.terminate()
  }

  #start(): void {
    try {
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
