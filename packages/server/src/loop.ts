/** One shape for every background job: a bounded round of work, and the pause before the next one. */
import type { Clock } from './ports.ts'

export interface Loop {
  readonly name: string
  /** Does one bounded round of work and returns the pause before the next, in milliseconds. */
  tick(): Promise<number>
}

/** Pause after a round that failed, in milliseconds. */
const AFTER_ERROR_MS = 1_000

/** Runs the loop until the returned function is called; an error is reported and the loop goes on. */
export function runLoop(clock: Clock, loop: Loop, report: (message: string) => void): () => void {
  let stopped = false
  let cancel: () => void = () => undefined
  const round = async (): Promise<void> => {
    let pauseMs = AFTER_ERROR_MS
    try {
      pauseMs = await loop.tick()
    } catch (error) {
      report(`${loop.name} failed and goes on: ${String(error)}`)
    }
    if (!stopped) cancel = clock.after(pauseMs, start)
  }
  const start = (): void => void round()
  cancel = clock.after(0, start)
  return () => {
    stopped = true
    cancel()
  }
}
