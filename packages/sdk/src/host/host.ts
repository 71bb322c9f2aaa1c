/** What a process that keeps others ready for its deployments is to `serve`, and who starts one. */
import { AppError, type DeploymentOffer } from '@pilotflame/core'
import type { ServerOptions } from '../flow/options.ts'
import type { ProcessPlan } from '../flow/process-options.ts'

export interface HostedDeployment {
  readonly offer: DeploymentOffer
  /** True where the user has named the version. */
  readonly versionGiven: boolean
  readonly plan: ProcessPlan
}

export interface HostOptions extends ServerOptions {
  readonly deployments: readonly HostedDeployment[]
  /** Aborted: closes at once. */
  readonly signal: AbortSignal
  /** Gets what people should know. */
  onNotice(text: string): void
}

export interface RunningHost {
  readonly apiUrl: string
  /** Settles when each deployment has its first process ready, or the first one has failed. */
  readonly ready: Promise<void>
  /** Takes no new runs. Settles when the last one has ended and the processes are gone. */
  drain(): Promise<void>
  /** Ends the processes; the server starts their runs again, whatever their retries. */
  handBack(): Promise<void>
  /** By deployment: why its last process could not start, if it could not. */
  counts(): Readonly<Record<string, { readonly failure: string | null }>>
  /** Settles when it is closed; rejects when the server does not take it back. */
  readonly closed: Promise<void>
}

export type StartHost = (options: HostOptions) => Promise<RunningHost>

let load: (() => Promise<StartHost>) | undefined

/** The package that brings hosts along says how to load one. */
export function registerHost(loader: () => Promise<StartHost>): void {
  load = loader
}

export function loadHost(): Promise<StartHost> {
  if (load) return load()
  throw new AppError('invalid_request', '"isolation" needs the package pilotflame. Import flow and serve from "pilotflame".')
}
