/** What a task can be told. */
import { AppError } from '@pilotflame/core'

export interface TaskOptions<Arguments extends readonly unknown[] = readonly never[]> {
  /** How often a failed call is tried again at once, in the same run. Default: 0. */
  readonly retries?: number
  /** The pause before the first of these, in milliseconds. Default: 0. */
  readonly retryDelayMs?: number
  /** What the pause is multiplied with each time: 2 doubles it. Default: 1. */
  readonly retryBackoff?: number
  /** How far chance may move a pause, as a part of it: 0.2 is up to 20 % shorter or longer. From 0 to 1. Default: 0. */
  readonly retryJitter?: number
  /** Whether an error is worth another try. Default: each is. */
  readonly retryOn?: (error: unknown) => boolean
  /**
   * The longest one try may take, in milliseconds. Past it the try fails with `task_timed_out`, and
   * `currentRun().signal` inside the task is aborted. Default: no limit.
   */
  readonly timeoutMs?: number
  /**
   * What its result is recorded by, unique in the run for this task. Default: a digest of the arguments, and how
   * often the same came before; inside of another task, within that one. Needed where arguments cannot be recorded:
   * `task_key_missing` otherwise.
   */
  readonly key?: string | ((...args: Arguments) => string)
  /**
   * Whether its result is recorded before the call settles, so that a run that starts again does not call it
   * twice. False: its states are reported, nothing is waited for, and any value may go in and out. Default: true.
   */
  readonly durable?: boolean
}

const RULES = {
  retries: [0, Number.MAX_SAFE_INTEGER],
  retryDelayMs: [0, Number.MAX_SAFE_INTEGER],
  retryBackoff: [0, Number.MAX_SAFE_INTEGER],
  retryJitter: [0, 1],
  timeoutMs: [0, Number.MAX_SAFE_INTEGER],
} as const

/** Throws `invalid_request` for a number that makes no sense. */
export function checkTaskOptions(name: string, options: TaskOptions): void {
  for (const key of Object.keys(RULES) as (keyof typeof RULES)[]) {
    const value = options[key]
    const [min, max] = RULES[key]
    if (value === undefined || (value >= min && value <= max)) continue
    const range = max === 1 ? 'from 0 to 1' : 'that is not negative'
    throw new AppError('invalid_request', `"${key}" of the task "${name}" is ${value}. Give a number ${range}.`)
  }
}
