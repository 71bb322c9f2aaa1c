import type { JsonObject } from './json.ts'
import type { CreatedBy } from './run.ts'
import type { Micros } from './time.ts'

export type Labels = Readonly<Record<string, string | number | boolean>>

export interface Flow {
  readonly id: string
  readonly name: string
  readonly tags: readonly string[]
  readonly labels: Labels
  readonly createdAt: Micros
  readonly updatedAt: Micros
}

/** A flow with everything that a run of it needs to start. Named `flow/deployment`. */
export interface Deployment {
  readonly id: string
  readonly flowId: string
  readonly flowName: string
  readonly name: string
  /** The version its runs start with; null until code was registered. */
  readonly versionId: string | null
  /** What people call the version: the digest of its code, or a string of the user's. */
  readonly version: string | null
  readonly description: string | null
  readonly entrypoint: string | null
  readonly paused: boolean
  readonly tags: readonly string[]
  readonly labels: Labels
  /** Default parameters. */
  readonly parameters: JsonObject
  readonly parameterSchema: JsonObject | null
  /** False: parameters are not checked against the schema. */
  readonly enforceParameterSchema: boolean
  readonly retries: number
  readonly retryDelayMs: number
  /** Fields of Prefect's that are kept and given back, and that nothing here reads yet. */
  readonly kept: JsonObject
  readonly createdBy: CreatedBy | null
  readonly createdAt: Micros
  readonly updatedAt: Micros
}

/** One state of a deployment's code; never changes. A run stores the one it started with (I9). */
export interface DeploymentVersion {
  readonly id: string
  readonly deploymentId: string
  /** Digest of the code, or a name given by the user. Unique in its deployment. */
  readonly version: string
  readonly entrypoint: string | null
  readonly parameterSchema: JsonObject | null
  readonly createdAt: Micros
}
