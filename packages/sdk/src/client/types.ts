/** The client as its users see it, in plain types. Names of fields are those of the API. */
import type {
  AutomationWire,
  DeploymentWire,
  EventWire,
  ExecutorWire,
  FlowRunWire,
  HookWire,
  JsonObject,
  Labels,
  LogWire,
  OrchestrationWire,
  Parameters,
  Resource,
  StateType,
  StateWire,
  StreamAttemptEnd,
  StreamChunk,
  StreamEnd,
  TimelineWire,
  VerdictWire,
  WhyWire,
} from '@pilotflame/core'
import type { TriggerOptions } from '../flow/triggers.ts'

export interface EventInput {
  /** A UUID; the same id twice is one event. Default: a new one. */
  readonly id?: string
  /** ISO-8601. Default: now. */
  readonly occurred?: string
  /** Such as `chat.message`. */
  readonly event: string
  /** Labels of what it happened to; `prefect.resource.id` names it. */
  readonly resource: Resource
  readonly related?: readonly Resource[]
  readonly payload?: Parameters
  /** The id of the event before it. */
  readonly follows?: string | null
}

export interface RunInput {
  /** Default: two words that the server picks. */
  readonly name?: string | null
  readonly parameters?: Parameters
  readonly tags?: readonly string[]
  readonly labels?: Labels | null
  /** The same key twice is one run. */
  readonly idempotency_key?: string | null
}

export interface StateInput {
  readonly type: StateType
  readonly name?: string | null
  readonly message?: string | null
}

export interface AutomationInput {
  readonly name: string
  readonly description?: string
  readonly enabled?: boolean
  readonly tags?: string[]
  readonly trigger: TriggerOptions
  readonly actions: ({ readonly type: string } & JsonObject)[]
}

/** Prefect's pages: at most 200 rows at once, and its filters as JSON. */
export interface FilterInput {
  readonly limit?: number | null
  readonly offset?: number | null
  readonly sort?: string | null
  readonly [criterion: string]: unknown
}

export interface FollowOptions {
  /** Goes on behind this chunk. Default: from the first. */
  readonly after?: { readonly attempt: number; readonly n: number }
  readonly signal?: AbortSignal
  /**
   * Told between the chunks of two attempts, and as soon as one that has said something is interrupted: how it ended.
   * What it has said is not the answer, and the next attempt begins anew.
   */
  readonly onAttemptEnd?: (end: StreamAttemptEnd) => void
}

/** Each call throws an AppError: `server_unreachable`, `unauthorized`, or the code that the server gives. */
export interface Client {
  readonly apiUrl: string
  /** Sends an event, or a list of them; settles with their ids when they are on the server's disk. */
  emit(event: EventInput | readonly EventInput[]): Promise<readonly string[]>
  event(eventId: string): Promise<EventWire>
  /** What became of an event with each automation. */
  verdicts(eventId: string): Promise<VerdictWire[]>
  /** Why an event did or did not fire an automation. */
  why(eventId: string, automationId: string): Promise<WhyWire>

  deployment(deploymentId: string): Promise<DeploymentWire>
  deploymentByName(flowName: string, name: string): Promise<DeploymentWire>
  filterDeployments(filter?: FilterInput): Promise<DeploymentWire[]>
  /** Starts a run of a deployment. */
  createFlowRun(deploymentId: string, run?: RunInput): Promise<FlowRunWire>

  flowRun(runId: string): Promise<FlowRunWire>
  filterFlowRuns(filter?: FilterInput): Promise<FlowRunWire[]>
  setState(runId: string, proposal: { readonly state: StateInput; readonly force?: boolean }): Promise<OrchestrationWire>
  timeline(runId: string): Promise<TimelineWire>
  logs(filter?: FilterInput): Promise<LogWire[]>
  /** Waits for the run's end. `result` is what the flow returned, with its types; null when it did not Complete. */
  result(runId: string, signal?: AbortSignal): Promise<{ state: StateWire; result: unknown }>
  /** Every chunk of its stream, with its attempt, then how it ended. */
  stream(runId: string, options?: FollowOptions): AsyncGenerator<StreamChunk, StreamEnd, undefined>

  readonly automations: {
    list(filter?: FilterInput): Promise<AutomationWire[]>
    get(automationId: string): Promise<AutomationWire>
    create(automation: AutomationInput): Promise<AutomationWire>
    enable(automationId: string, enabled: boolean): Promise<void>
    delete(automationId: string): Promise<void>
  }
  readonly hooks: {
    list(): Promise<HookWire[]>
    /** The secret is shown this once. */
    create(hook: {
      readonly name: string
      readonly event?: string
      readonly signed?: boolean
    }): Promise<HookWire & { secret: string | null; path: string }>
    delete(name: string): Promise<void>
  }
  executors(): Promise<ExecutorWire[]>
  /** Closes the connections that are kept open. A process ends without it, too. */
  close(): void
}
