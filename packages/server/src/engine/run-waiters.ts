/** Those who hold a request open until a run has ended. Hints only: whoever asks looks into the store first. */
import type { FlowRun } from '@pilotflame/core'
import { entryOf } from '../entry-of.ts'

export class RunWaiters {
  readonly #waiting = new Map<string, Set<(run: FlowRun) => void>>()

  /** Calls back once when the run has ended; returns a way to stop. */
  add(runId: string, callback: (run: FlowRun) => void): () => void {
    const callbacks = entryOf(this.#waiting, runId, () => new Set())
    callbacks.add(callback)
    return () => {
      callbacks.delete(callback)
      if (callbacks.size === 0) this.#waiting.delete(runId)
    }
  }

  ended(run: FlowRun): void {
    const callbacks = this.#waiting.get(run.id)
    this.#waiting.delete(run.id)
    for (const callback of callbacks ?? []) callback(run)
  }
}
