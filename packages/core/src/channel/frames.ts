/**
 * What travels between the server and an executor: one JSON object per line, the same over the unix socket
 * in the home folder and over the websocket `/api/channel`.
 *
 * Everything an executor reports has a key of its own and is written "on conflict do nothing", so after a
 * reconnect it sends whatever was not acknowledged once more. An executor's item names its run's epoch (I2).
 */
import type { Json, JsonObject, Parameters } from '../json.ts'
import type { Marks } from '../marks.ts'
import type { StateDetails, StateType } from '../states.ts'
import type { Micros } from '../time.ts'

export const CHANNEL_PROTOCOL = 1

/** A trigger with the parameters that it gives a run; becomes an automation owned by the deployment. */
export interface OfferedTrigger {
  /** Default: the deployment's name, with a number after the first one. */
  readonly name?: string
  /** Prefect's event trigger, as JSON. */
  readonly trigger: JsonObject
  /** Parameter templates of `run-deployment`. Default: the event's payload is the run's parameters. */
  readonly parameters?: JsonObject
}

/** A deployment whose code the executor has loaded. */
export interface DeploymentOffer {
  readonly flow_name: string
  readonly name: string
  /** Digest of the code: a run goes only to executors of its deployment's current version (I9). */
  readonly version: string
  readonly entrypoint: string | null
  readonly description: string | null
  readonly tags: readonly string[]
  /** Default parameters. */
  readonly parameters: JsonObject
  /** JSON schema of the parameters; null when nothing is known of them. */
  readonly parameter_schema: JsonObject | null
  readonly triggers: readonly OfferedTrigger[]
  /** True: nothing is said of triggers, so the automations that an earlier offer made stay as they are. Default: false. */
  readonly keep_triggers?: boolean
  readonly retries: number
  readonly retry_delay_ms: number
}

/**
 * First frame of a connection. With a `session_id` the executor comes back and names what it holds.
 *
 * A host takes no runs itself (`limit` 0): it offers deployments and keeps processes ready for them. Each of those is
 * an executor with a connection of its own, and names its host.
 */
export interface HelloFrame {
  readonly type: 'hello'
  /** Default: executor. */
  readonly role?: 'executor' | 'host'
  /** The session of the host that started this process. Default: none. */
  readonly host_session_id?: string | null
  /** How many more runs this process takes before it leaves: 1 for a fresh process that had none. Default: no limit. */
  readonly uses?: number | null
  readonly protocol: typeof CHANNEL_PROTOCOL
  readonly session_id: string | null
  /** A name for people, such as `chatbot.ts`. */
  readonly name: string
  readonly host: string
  readonly pid: number
  /** Boot id of its machine: equal to the server's where both run on one. */
  readonly boot_id: string
  readonly sdk_version: string
  /** How many runs it takes at once. */
  readonly limit: number
  readonly deployments: readonly DeploymentOffer[]
  readonly holds: readonly { readonly run_id: string; readonly epoch: number }[]
}

/** Sent by the executor's own beat thread on a second connection; keeps a session alive while its main thread is busy. */
export interface BeatFrame {
  readonly type: 'beat'
  readonly session_id: string
}

export interface BatchFrame {
  readonly type: 'batch'
  /** Counts up by one within a session; the acknowledgement names it. */
  readonly seq: number
  readonly items: readonly Item[]
}

/** Takes no new runs from now on, and leaves when the last one has ended. From a host it holds for its processes too. */
export interface DrainFrame {
  readonly type: 'drain'
  /** True: it leaves now. When it is gone its runs are Scheduled again, and that counts as no failure of theirs. Default: false. */
  readonly hand_back?: boolean
}

/** What ended a process: by itself, by a signal from elsewhere, or by its host, for this reason. */
export type ChildEndKind = 'exit' | 'signal' | 'memory' | 'stopped' | 'timeout' | 'cancel' | 'retired'

/** One step of stopping a run's process, and when it was taken, counted from the first. */
export interface StopStage {
  readonly stage: 'abort' | 'SIGTERM' | 'SIGKILL' | 'gone'
  readonly after_ms: number
}

/**
 * A host says that a process of its own is gone, after it is gone (I10). A hint (I7): the server also finds out by
 * itself, later and without the reason.
 */
export interface ChildEndFrame {
  readonly type: 'child_end'
  readonly pid: number
  /** Null when it ended before the server had welcomed it. */
  readonly session_id: string | null
  readonly kind: ChildEndKind
  readonly code: number | null
  readonly signal: string | null
  /** What people read, such as `exit code 1` or `out of memory at 512 MB`. */
  readonly message: string
  /** Only where its run was told to stop. */
  readonly stages?: readonly StopStage[]
}

/** How a host's processes for one deployment are; sent when it changes. For people who ask why a run waits. */
export interface PoolFrame {
  readonly type: 'pool'
  readonly deployment_id: string
  readonly starting: number
  readonly ready: number
  readonly busy: number
  /** Why the last process could not start; null when the last one did. */
  readonly failure: string | null
}

export type ExecutorFrame = HelloFrame | BeatFrame | BatchFrame | DrainFrame | ChildEndFrame | PoolFrame

interface OfRun {
  readonly run_id: string
  readonly epoch: number
}

/** The run enters a state. `marks` are those the executor knows by then, the server's own included. */
export interface StateItem extends OfRun {
  readonly kind: 'state'
  readonly id: string
  readonly state: {
    readonly type: StateType
    readonly name?: string
    readonly message?: string | null
    readonly details?: StateDetails
  }
  readonly marks?: Marks
  /** The value that the function returned, encoded (see `values/`); only with COMPLETED. */
  readonly result?: Json
}

/** A task run of this run enters a state. Upserts the task run by its id. */
export interface TaskItem extends OfRun {
  readonly kind: 'task'
  /** The state's id. */
  readonly id: string
  readonly task_run_id: string
  /** The task's name. */
  readonly task_key: string
  /** Digest of the arguments and how often that pair came before, or the user's own key. Unique in the run with `task_key`. */
  readonly dynamic_key: string
  readonly name: string
  readonly state: { readonly type: StateType; readonly name?: string; readonly message?: string | null }
  readonly run_count: number
  readonly at: Micros
  /** The recorded value, encoded; only with COMPLETED. A run that starts again finds it by `task_key` and `dynamic_key`. */
  readonly result?: Json
}

export interface LogItem extends OfRun {
  readonly kind: 'log'
  readonly id: string
  readonly task_run_id: string | null
  /** The logger's name, such as `pilotflame.flow_runs` or `console`. */
  readonly name: string
  /** Python's levels, as Prefect has them: 10 debug, 20 info, 30 warning, 40 error. */
  readonly level: number
  readonly message: string
  readonly at: Micros
}

export interface ChunkItem extends OfRun {
  readonly kind: 'chunk'
  readonly attempt: number
  /** Counts up from 1 within the attempt. */
  readonly n: number
  readonly text: string
}

export type Item = StateItem | TaskItem | LogItem | ChunkItem

/** The executor is registered. A session that was ended meanwhile gets a new id, and drops what it held. */
export interface WelcomeFrame {
  readonly type: 'welcome'
  readonly session_id: string
  /** True where the session named in hello goes on. */
  readonly resumed: boolean
  readonly api_url: string
  readonly deployments: readonly { readonly id: string; readonly flow_name: string; readonly name: string }[]
}

/** The hello cannot be accepted, and why. The server closes the connection after it. */
export interface RefusedFrame {
  readonly type: 'refused'
  readonly code: string
  readonly message: string
}

/** Start this run now: it is on disk and leased to this session. */
export interface RunFrame {
  readonly type: 'run'
  readonly run_id: string
  readonly epoch: number
  /** The number this attempt will have once it is Running. */
  readonly attempt: number
  readonly deployment_id: string
  readonly name: string
  readonly parameters: Parameters
  readonly tags: readonly string[]
  readonly marks: Marks
  /** Results of tasks that finished in earlier attempts. */
  readonly recorded: readonly { readonly task_key: string; readonly dynamic_key: string; readonly result: Json }[]
}

/** Stop this run: its signal is aborted. Sent to its executor, and to that one's host, which sees to it that it ends. */
export interface CancelFrame {
  readonly type: 'cancel'
  readonly run_id: string
  readonly epoch: number
  readonly reason: string
}

/** To a host: so many runs of this deployment wait and nobody has room. Sent when that changes; a hint (I7). */
export interface WantFrame {
  readonly type: 'want'
  readonly deployment_id: string
  readonly waiting: number
}

/** To a host: its process with this session has been sent a run. It leaves after the run's own frame. */
export interface PlacedFrame extends OfRun {
  readonly type: 'placed'
  readonly session_id: string
  /** By it the host knows the process even when that one had no time to tell its session, such as in an endless loop. */
  readonly pid?: number
  readonly deployment_id: string
}

/** To a host: the server has ended the session of one of its processes, which is to be killed if it still is there. */
export interface RetireFrame {
  readonly type: 'retire'
  readonly session_id: string
  readonly reason: string
}

/**
 * To a host: another version of this deployment's code is current, so that no run comes to its processes any more and
 * it keeps none of them ready. It is current again when a `want` for the deployment comes.
 */
export interface OutdatedFrame {
  readonly type: 'outdated'
  readonly deployment_id: string
  /** The version that is current. */
  readonly version: string
}

/** The batch is on disk, but for the items that were refused. */
export interface AckFrame {
  readonly type: 'ack'
  readonly seq: number
  readonly refused: readonly { readonly index: number; readonly code: string; readonly message: string }[]
}

export type ServerFrame =
  | WelcomeFrame
  | RefusedFrame
  | RunFrame
  | CancelFrame
  | AckFrame
  | WantFrame
  | PlacedFrame
  | RetireFrame
  | OutdatedFrame
