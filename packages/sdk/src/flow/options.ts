/** What a flow, and a deployment of it, can be told. */
import type { JsonObject } from '@pilotflame/core'
import type { ProcessOptions } from './process-options.ts'
import type { On } from './triggers.ts'

export interface FlowOptions {
  /** How often the server starts a failed or crashed run again. A direct call is not tried again. Default: 0. */
  readonly retries?: number
  /** The pause before a run is started again, in milliseconds. Default: 0. */
  readonly retryDelayMs?: number
  /**
   * The longest one attempt may take, in milliseconds. Past it `run.signal` is aborted and the attempt fails
   * with `run_timed_out` (state `TimedOut`). Default: no limit.
   */
  readonly timeoutMs?: number
  /** For people. Default: none. */
  readonly description?: string
  /** Tags of its deployments. Default: none. */
  readonly tags?: readonly string[]
}

/** What one deployment says of its processes comes before what `serve` says for all. */
export interface DeploymentOptions extends ProcessOptions {
  /** Name of the deployment. Default: the flow's name. */
  readonly name?: string
  /** What starts a run: an event's name, a prefix such as `chat.*`, a whole trigger, or a list of these. Default: nothing. */
  readonly on?: On | readonly On[]
  /**
   * The parameters that an event of `on` gives a run: plain values, `'{{ event.payload.n }}'` (the value with its
   * type), text with `{{ … }}` in it, and `fromEvent('payload.n')`.
   * Default: the event's payload is the run's parameters.
   */
  readonly parameters?: JsonObject
  /** Parameters of runs that are given none. Default: none. */
  readonly defaults?: JsonObject
  /** Names the code; runs go only to executors of the current one. Default: digest of the entry file and the function. */
  readonly version?: string
  /** Where the code is, for people, such as `chatbot.ts:respond`. Default: unknown. */
  readonly entrypoint?: string
  /** For people. Default: the flow's. */
  readonly description?: string
  /** Default: the flow's. */
  readonly tags?: readonly string[]
}

export interface ServerOptions {
  /** Address of the API. Default: `PILOTFLAME_API_URL`, then `PREFECT_API_URL`, then `http://127.0.0.1:4200/api`. */
  readonly apiUrl?: string
  /** `user:password`. Default: `PILOTFLAME_API_AUTH_STRING`, then `PREFECT_API_AUTH_STRING`, then none. */
  readonly authString?: string
}

export interface ServeOptions extends ServerOptions, ProcessOptions {
  /**
   * How many runs this process takes at once; more wait on the server, in order. Not with `isolation`, where `warm.max`
   * says it. Default: 100.
   */
  readonly limit?: number
  /** Ends serving like Ctrl-C does: takes no new runs, waits up to 10 s for those at work. Default: never. */
  readonly signal?: AbortSignal
  /** Called with the API's address when it is ready. Default: prints a line to stdout that says so. */
  readonly onReady?: (apiUrl: string) => void
}
