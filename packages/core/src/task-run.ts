import type { Labels } from './deployment.ts'
import type { Json, JsonObject } from './json.ts'
import type { State } from './states.ts'
import type { Micros } from './time.ts'

/** Fields of Prefect's task runs in its own spelling, kept as they came. */
export interface TaskRunKept {
  readonly cache_key?: string | null
  readonly cache_expiration?: string | null
  readonly task_version?: string | null
  readonly empirical_policy?: { readonly [field: string]: Json }
  readonly labels?: Labels
  readonly task_inputs?: JsonObject
  readonly flow_run_run_count?: number
  /** Seconds. Default: from the first Running to the end. */
  readonly total_run_time?: number
}

/** A task's run, as whoever runs it reports it. */
export interface TaskRun {
  readonly id: string
  /** Null for a task that was called outside of a flow. */
  readonly flowRunId: string | null
  /** The task's name. */
  readonly taskKey: string
  /** Which call of it: unique in the run together with `taskKey`. */
  readonly dynamicKey: string
  readonly name: string
  readonly tags: readonly string[]
  readonly state: State
  readonly runCount: number
  /** Null: when it started. */
  readonly expectedStartAt: Micros | null
  readonly startAt: Micros | null
  readonly endAt: Micros | null
  /** Null for a task run without any of them. */
  readonly kept: TaskRunKept | null
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
