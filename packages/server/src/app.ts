/** What the HTTP routes can ask of the rest of the server. They decide nothing themselves. */
import type {
  Automation,
  CompiledEventFilter,
  Deployment,
  Event,
  ExecutorWire,
  Flow,
  FlowRun,
  Json,
  JsonObject,
  Log,
  Micros,
  Ms,
  Parameters,
  Resource,
  RunKept,
  StateProposal,
  StreamAttemptEnd,
  WhyClause,
  WhyRun,
} from '@pilotflame/core'
import type { ClientWrites } from './client-writes.ts'
import type { ChannelPeer, Clock, Random } from './ports.ts'
import type { Retention } from './scheduler/retention.ts'
import type { Hook, Store } from './store/store.ts'

/** An event as it came in: checked, not yet stored. */
export interface IncomingEvent {
  readonly id: string
  readonly occurred: number
  readonly event: string
  readonly resource: Resource
  readonly related: readonly Resource[]
  readonly payload: Parameters
  readonly follows: string | null
}

export interface Intake {
  /**
   * Stores the events that are new, matches them and starts what they start; settles when all of it is on disk.
   * `receivedMark` is the monotonic moment at which their bytes were here.
   * Throws `too_many_events` while more than 10 000 wait.
   */
  accept(events: readonly IncomingEvent[], receivedMark: number): Promise<void>
}

/** The answer to a proposed state, in Prefect's words. */
export type SetStateResult =
  | { readonly status: 'ACCEPT'; readonly run: FlowRun }
  | { readonly status: 'REJECT'; readonly run: FlowRun; readonly reason: string }
  | { readonly status: 'WAIT'; readonly run: FlowRun; readonly delayMs: number; readonly reason: string }
  | { readonly status: 'ABORT'; readonly run: FlowRun; readonly reason: string }

export interface NewRun {
  readonly name?: string
  readonly parameters?: Parameters
  readonly tags?: readonly string[]
  readonly labels?: Readonly<Record<string, string | number | boolean>>
  readonly idempotencyKey?: string
  /** Default: Scheduled, now. */
  readonly state?: StateProposal
  readonly enforceParameterSchema?: boolean
  /** The task run that stands for it in the run that started it. */
  readonly parentTaskRunId?: string
  readonly kept?: RunKept
}

export interface DeploymentInput {
  readonly name: string
  readonly flowId: string
  /** Every other field of Prefect's DeploymentCreate that was given, in its own spelling. */
  readonly fields: JsonObject
}

export interface Engine extends ClientWrites {
  /** Starts a run of a deployment; `created` is false when the idempotency key was known. Throws `deployment_not_found`, `invalid_parameters`. */
  createRun(deploymentId: string, run: NewRun, receivedMark: number): Promise<{ run: FlowRun; created: boolean }>
  /** Throws `run_not_found`. */
  setState(runId: string, proposal: StateProposal, options: { force: boolean }): Promise<SetStateResult>
  deleteRun(runId: string): Promise<void>
  /** Settles when the run has ended, at once when it already has. Throws `run_not_found`. */
  waitForEnd(runId: string, signal: AbortSignal): Promise<{ run: FlowRun; result: Json | undefined }>
  upsertFlow(input: { name: string; tags: readonly string[]; labels: Flow['labels'] }): Promise<{ flow: Flow; created: boolean }>
  upsertDeployment(input: DeploymentInput): Promise<{ deployment: Deployment; created: boolean }>
  /** Changes the fields that are given. Throws `deployment_not_found`, `invalid_parameters`. */
  updateDeployment(id: string, fields: JsonObject): Promise<void>
  deleteDeployment(id: string): Promise<void>
  /** While it is paused its runs wait. */
  pauseDeployment(id: string, paused: boolean): Promise<void>
  /** Why a run is where it is. Throws `run_not_found`. */
  why(runId: string): Promise<{ run: FlowRun; why: WhyRun }>
}

export interface Automations {
  /** Upserts by (owner, name) where there is an owner. */
  save(automation: Automation): Promise<Automation>
  setEnabled(id: string, enabled: boolean): Promise<void>
  delete(id: string): Promise<void>
  /** Those that belong to a resource, or act on it. */
  relatedTo(resourceId: string): Promise<readonly Automation[]>
  /** How many were deleted. */
  deleteOwned(ownerResource: string): Promise<number>
  /** Why this event did or did not fire this automation, one line per clause. Throws `event_not_found`, `automation_not_found`. */
  why(eventId: string, automationId: string): Promise<Why>
  /** What this event would do, without storing anything: for each enabled automation, or the one named. */
  test(event: Event, automationId?: string): Promise<readonly Why[]>
}

export interface Why {
  readonly automation_id: string
  readonly automation_name: string
  readonly event_id: string
  readonly matched: boolean
  /** One sentence. */
  readonly summary: string
  readonly clauses: readonly WhyClause[]
}

/** A viewer of a run's stream. */
export interface StreamSink {
  /** Returns false when it is behind: no more is sent until `drained` settles. */
  chunk(chunk: { attempt: number; n: number; text: string }): boolean
  /** What was said so far is of an attempt that has ended; another one follows. Returns as `chunk` does. */
  attemptEnd(end: StreamAttemptEnd): boolean
  end(run: FlowRun): void
  /** The run was deleted: there is nothing more, and no end to tell. */
  gone(): void
  drained(): Promise<void>
}

export interface Streams {
  /** Sends every chunk after `after`, then what comes, then the end. Returns a way to stop. Throws `run_not_found`. */
  follow(runId: string, after: { attempt: number; n: number }, sink: StreamSink): Promise<() => void>
}

export interface Channel {
  /** Takes over a new connection of an executor; the caller passes what it reads and says when it is closed. */
  connect(peer: ChannelPeer): { receive(frame: unknown): void; closed(): void }
}

export interface HookService {
  create(input: { name: string; event?: string; signed: boolean }): Promise<{ hook: Hook; secret: string | null }>
  delete(name: string): Promise<void>
  /** The secret of a hook in clear, or null where it has none. Throws `hook_not_found`. */
  open(name: string): Promise<{ hook: Hook; secret: Uint8Array | null }>
}

/** Connected executors, for the page and for "what would start it". */
export interface Executors {
  list(): readonly ExecutorWire[]
  /** The number of free places for a deployment's runs. */
  freeFor(deploymentId: string): number
}

export interface Poll {
  readonly deploymentIds: readonly string[]
  /** Runs are told so long before they are due. */
  readonly aheadMs: Ms
  readonly limit: number
  /** Whoever asked has left. */
  readonly signal: AbortSignal
}

/** Runs for Prefect's runners, which ask for them. */
export interface Polls {
  /** Settles when a run of these deployments is due and waits; rejects with the signal's reason. */
  hold(poll: Poll): Promise<readonly FlowRun[]>
  /** When a runner last asked for runs of it; now while one does. */
  lastPolled(deploymentId: string): Micros | null
  /** Deployments that a runner has asked for lately. */
  polled(): readonly string[]
}

/** A watcher of events as they come. */
export interface EventWatcher {
  readonly filter: CompiledEventFilter
  /** `text` is the event as subscribers get it. */
  see(event: Event, text: string): void
}

export interface Feed {
  /** Tells `watcher` of every event that comes from now on, after its flush and in order. Returns a way to stop. */
  watch(watcher: EventWatcher): () => void
}

export interface Logs {
  /** Settles when the lines are on disk. */
  accept(lines: readonly Log[]): Promise<void>
  /** Tells of every line that comes from now on, after its flush. Returns a way to stop. */
  watch(watcher: { wants(log: Log): boolean; see(log: Log, text: string): void }): () => void
}

export interface App {
  readonly clock: Clock
  readonly random: Random
  readonly store: Store
  readonly intake: Intake
  readonly engine: Engine
  readonly automations: Automations
  readonly streams: Streams
  readonly channel: Channel
  readonly hooks: HookService
  readonly retention: Pick<Retention, 'prune'>
  readonly executors: Executors
  readonly feed: Feed
  readonly logs: Logs
  readonly polls: Polls
  readonly version: string
}

/** Settings of the HTTP side. */
export interface HttpSettings {
  readonly host: string
  readonly port: number
  /** `user:password`, checked as HTTP Basic; needed beyond loopback. */
  readonly authString: string | null
  /** Extra host names this server answers to. */
  readonly allowedHosts: readonly string[]
  /** The largest request body, in bytes. */
  readonly bodyBytesMax: number
}
