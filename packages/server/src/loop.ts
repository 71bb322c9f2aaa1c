/** One shape for every background job: a bounded round of work, and the pause before the next one. */
import type { Clock } from './ports.ts'

export interface Loop {
  readonly name: string
  /** Does one bounded round of work and returns the pause before the next, in milliseconds. */
  tick(): Promise<number>
}

/** Pause after a round that failed, in milliseconds. */
const AFTER_ERROR_MS = 1_000

export interface RunningLoop {
  /** Something has happened: the next round is now. */
  wake(): void
  stop(): void
}

/** Runs the loop until it is stopped; an error is reported and the loop goes on. */
export function runLoop(clock: Clock, loop: Loop, report: (message: string) => void): RunningLoop {
  let stopped = false
  let inRound = false
  let woken = false
  let cancel: () => void = () => undefined
  const round = async (): Promise<void> => {
    inRound = true
    woken = false
    let pauseMs = AFTER_ERROR_MS
    try {
      pauseMs = await loop.tick()
    } catch (error) {
      report(`${loop.name} failed and goes on: ${String(error)}`)
    }
    inRound = false
    if (!stopped) cancel = clock.after(woken ? 0 : pauseMs, start)
  }
  const start = (): void => void round()
  cancel = clock.after(0, start)
  return {
    wake() {
      woken = true
      if (inRound || stopped) return
      cancel()
      cancel = clock.after(0, start)
    },
    stop() {
      stopped = true
      cancel()
    },
  }
}
