/** What a user's function is given of its run. */
import type { Parameters } from '@pilotflame/core'

/** Facts that belong to a line; they are written behind the message as JSON. */
export type LogFields = Readonly<Record<string, unknown>>

/** Writes to the run's log. A line over 1 MB is cut, with a note. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warning(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export interface RunDeployment {
  readonly id: string
  /** `flow/deployment`. */
  readonly name: string
}

export interface Run {
  /** UUID of the run. Called directly: a new one. */
  readonly id: string
  /** The run's name, such as `brave-otter`. Called directly: the flow's name. */
  readonly name: string
  /** Counts up from 1 each time that the run starts. */
  readonly attempt: number
  /** The deployment that it is a run of; null when the flow was called directly. */
  readonly deployment: RunDeployment | null
  /** The parameters as they came in, before the schema had its say. */
  readonly parameters: Parameters
  readonly tags: readonly string[]
  /**
   * Aborted when the run is cancelled (`reason.code` is `run_cancelled`), when its time is over (`run_timed_out`)
   * or when the server has given the run to somebody else (`stale_lease`). Inside a task: when that task's time is over, too.
   */
  readonly signal: AbortSignal
  readonly logger: Logger
  /**
   * Sends a piece of the answer to whoever follows the run. Empty text is ignored. Need not be awaited, but where
   * text comes faster than it can be sent, `await run.stream(text)` waits while more than 64 MB are held back;
   * at 128 MB it throws `server_unreachable`.
   */
  stream(text: string): Promise<void> | undefined
}

/** Parts of a run that a direct call can give. */
export interface RunParts {
  readonly id?: string
  readonly name?: string
  /** Default: 1. */
  readonly attempt?: number
  readonly deployment?: RunDeployment | null
  readonly tags?: readonly string[]
  /** Aborts `run.signal` with its own reason. Default: never. */
  readonly signal?: AbortSignal
  /** Gets each piece that the flow streams. Default: they are dropped. */
  readonly stream?: (text: string) => void | Promise<void>
  /** Default: lines go to stderr. */
  readonly logger?: Logger
}
