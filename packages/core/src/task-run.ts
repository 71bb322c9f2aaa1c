import type { State } from './states.ts'
import type { Micros } from './time.ts'

/** A task's run, as the executor that runs it reports it. */
export interface TaskRun {
  readonly id: string
  readonly flowRunId: string
  /** The task's name. */
  readonly taskKey: string
  /** Which call of it: unique in the run together with `taskKey`. */
  readonly dynamicKey: string
  readonly name: string
  readonly tags: readonly string[]
  readonly state: State
  readonly runCount: number
  readonly startAt: Micros | null
  readonly endAt: Micros | null
  readonly createdAt: Micros
  readonly updatedAt: Micros
}

/** A line that a run wrote. Levels are Python's: 10 debug, 20 info, 30 warning, 40 error. */
export interface Log {
  readonly id: string
  readonly flowRunId: string | null
  readonly taskRunId: string | null
  readonly name: string
  readonly level: number
  readonly message: string
  readonly at: Micros
}

/** A piece of a run's stream. `attempt` and `n` are its key and its place. */
export interface Chunk {
  readonly flowRunId: string
  readonly attempt: number
  readonly n: number
  readonly text: string
}
