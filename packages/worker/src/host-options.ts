/** What a host is told to keep processes for. */
import type { DeploymentOffer, ProcessLimits } from '@pilotflame/core'

/** How to start a process: `node [execArgv] file [args]`. */
export interface ChildCommand {
  /** The script, usually a bundle: a path of its own, not of a package. */
  readonly file: string
  readonly args: readonly string[]
  /** The deployment's own variables; they come after those of the host, and reach only its own processes. */
  readonly env: Readonly<Record<string, string>>
  /** Options for Node itself. The bound on its heap is added from `memoryMbMax`. Default: none. */
  readonly execArgv?: readonly string[]
  /** The folder it starts in. Default: the host's. */
  readonly cwd?: string
}

/** A deployment, how to start its processes, and within which limits. */
export interface HostDeployment extends ProcessLimits {
  readonly offer: DeploymentOffer
  readonly command: ChildCommand
}
