/** What the engine knows of a flow, and of a deployment of it. */
import type { DeploymentOffer, JsonObject } from '@pilotflame/core'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Run } from '../run/run.ts'
import type { DeploymentOptions, FlowOptions } from './options.ts'
import type { ProcessOptions } from './process-options.ts'

export interface FlowDefinition {
  readonly name: string
  readonly fn: (parameters: never, run: Run) => unknown
  readonly options: FlowOptions
  /** Checks the parameters before user code; undefined where only the compiler or the server does. */
  readonly schema: StandardSchemaV1 | undefined
  readonly parameterSchema: JsonObject | null
}

/** A flow as it is run. */
export interface Runnable {
  readonly definition: FlowDefinition
}

/** A deployment that this process can run. `load` may import its code late; its result is kept. */
export interface ServedDeployment {
  readonly offer: DeploymentOffer
  readonly load: () => Runnable | Promise<Runnable>
  /** True where the user has named the version; otherwise a host may know a better digest of the code. Default: false. */
  readonly versionGiven?: boolean
  /** The flow's limit on one attempt. Default: none. */
  readonly timeoutMs?: number | undefined
  /** What it says of its processes. Default: nothing. */
  readonly processes?: ProcessOptions
}

/** Any flow, whatever its types. */
export interface AnyFlow extends Runnable {
  readonly flowName: string
  toDeployment(options?: DeploymentOptions): ServedDeployment
}

export const isFlow = (value: unknown): value is AnyFlow =>
  typeof value === 'function' && 'flowName' in value && 'definition' in value
