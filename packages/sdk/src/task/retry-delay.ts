import type { Ms } from '@pilotflame/core'
import type { TaskOptions } from './options.ts'

/** One day: longer pauses than that are a schedule. */
const DELAY_MS_MAX = 86_400_000

/** The pause before the try after the `failed`-th failure. `chance` is from 0 to 1 and decides the jitter. */
export function retryDelay(options: TaskOptions, failed: number, chance: number): Ms {
  const { retryDelayMs = 0, retryBackoff = 1, retryJitter = 0 } = options
  const delay = Math.min(DELAY_MS_MAX, retryDelayMs * retryBackoff ** (failed - 1))
  return Math.min(DELAY_MS_MAX, delay * (1 + retryJitter * (2 * chance - 1)))
}
