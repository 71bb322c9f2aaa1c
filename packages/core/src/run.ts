import type { Json, JsonObject, Parameters } from './json.ts'
import type { Marks } from './marks.ts'
import type { State } from './states.ts'
import type { Micros } from './time.ts'

export interface CreatedBy {
  readonly id: string | null
  readonly type: string
  readonly display_value: string | null
}

/** Fields of Prefect's runs that few runs have, in its own spelling: kept and given back, and some of them read. */
export interface RunKept {
  /** The policy as it was given; what it leaves out has the run's own values. */
  readonly empirical_policy?: { readonly [field: string]: Json }
  readonly flow_version?: string | null
  readonly deployment_version?: string | null
  readonly context?: JsonObject
  readonly job_variables?: JsonObject | null
  readonly work_queue_name?: string | null
  readonly infrastructure_pid?: string | null
  readonly infrastructure_document_id?: string | null
  /** True for a run that a schedule made. */
  readonly auto_scheduled?: boolean
}

/** A flow run with its current state and, while an executor holds it, its lease. */
export interface FlowRun {
  readonly id: string
  readonly name: string
  readonly flowId: string
  readonly deploymentId: string | null
  /** The code it is pinned to (I9). */
  readonly versionId: string | null
  readonly parameters: Parameters
  readonly tags: readonly string[]
  readonly labels: Readonly<Record<string, string | number | boolean>>
  readonly idempotencyKey: string | null
  readonly createdBy: CreatedBy | null
  /** The task run that stands for this run in its parent's run; null for a run that is no subflow. */
  readonly parentTaskRunId: string | null
  /** Null for a run without any of them. */
  readonly kept: RunKept | null
  readonly state: State
  /** Entries into Running: the number of the current attempt. */
  readonly runCount: number
  /** Leases given so far (I1). */
  readonly epoch: number
  /** The executor session that holds the lease; null when nobody does. */
  readonly sessionId: string | null
  /** How often a failed attempt is tried again, and the pause before it in milliseconds. */
  readonly retries: number
  readonly retryDelayMs: number
  readonly expectedStartAt: Micros | null
  readonly nextScheduledAt: Micros | null
  readonly startAt: Micros | null
  readonly endAt: Micros | null
  /** Time in Running, in microseconds. */
  readonly totalRunMicros: number
  /** The event whose automation started it, and how many runs stand before it in the chain. */
  readonly causeEventId: string | null
  readonly chainDepth: number
  /** The marks of each attempt, by its number. */
  readonly marks: Readonly<Record<string, Marks>>
  readonly createdAt: Micros
  readonly updatedAt: Micros
}
