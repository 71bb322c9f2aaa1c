/**
 * The shapes of the API's answers: Prefect's fields in Prefect's spelling and units, additions of ours behind them.
 * Moments are ISO-8601 with 6 digits and `Z`.
 */
import type { ActionTrouble, IgnoredReason } from '../automations/types.ts'
import type { Labels } from '../deployment.ts'
import type { Fault } from '../errors.ts'
import type { Resource } from '../events.ts'
import type { Json, JsonObject, Parameters } from '../json.ts'
import type { TimelinePart } from '../marks.ts'
import type { StateType } from '../states.ts'
import type { WhyReason } from '../why/facts.ts'

export interface StateDetailsWire {
  readonly flow_run_id: string | null
  readonly task_run_id: string | null
  readonly scheduled_time: string | null
  readonly [field: string]: Json
}

export interface StateWire {
  readonly id: string
  readonly type: StateType
  readonly name: string
  readonly timestamp: string
  readonly message: string | null
  readonly data: Json
  readonly state_details: StateDetailsWire
}

export interface CreatedByWire {
  readonly id: string | null
  readonly type: string | null
  readonly display_value: string | null
}

export interface FlowRunPolicyWire {
  readonly max_retries: number
  readonly retry_delay_seconds: number
  readonly retries: number | null
  readonly retry_delay: number | null
  readonly pause_keys: readonly string[]
  readonly resuming: boolean
  readonly retry_type: 'in_process' | 'reschedule' | null
}

/** Prefect's FlowRunResponse. */
export interface FlowRunWire {
  readonly id: string
  readonly created: string
  readonly updated: string
  readonly name: string
  readonly flow_id: string
  readonly state_id: string
  readonly deployment_id: string | null
  readonly deployment_version: string | null
  readonly work_queue_id: string | null
  readonly work_queue_name: string | null
  readonly work_pool_id: string | null
  readonly work_pool_name: string | null
  readonly flow_version: string | null
  readonly parameters: Parameters
  readonly idempotency_key: string | null
  readonly context: JsonObject
  readonly empirical_policy: FlowRunPolicyWire
  readonly tags: readonly string[]
  readonly labels: Labels
  readonly parent_task_run_id: string | null
  readonly state_type: StateType
  readonly state_name: string
  readonly run_count: number
  readonly expected_start_time: string | null
  readonly next_scheduled_start_time: string | null
  readonly start_time: string | null
  readonly end_time: string | null
  /** Seconds. */
  readonly total_run_time: number
  readonly estimated_run_time: number
  readonly estimated_start_time_delta: number
  readonly auto_scheduled: boolean
  readonly infrastructure_document_id: string | null
  readonly infrastructure_pid: string | null
  readonly created_by: CreatedByWire | null
  readonly state: StateWire
  readonly job_variables: JsonObject | null
  // Ours
  /** Leases given so far. */
  readonly epoch: number
  /** The number of the current attempt. */
  readonly attempt: number
  /** The event that started it, and how many runs stand before it in the chain. */
  readonly cause_event_id: string | null
  readonly chain_depth: number
  /** Milliseconds from `received` to the first line and the first output of the last attempt; null before that. */
  readonly first_line_ms: number | null
  readonly first_output_ms: number | null
}

/** Prefect's Flow. */
export interface FlowWire {
  readonly id: string
  readonly created: string
  readonly updated: string
  readonly name: string
  readonly tags: readonly string[]
  readonly labels: Labels
}

/** Prefect's DeploymentResponse. */
export interface DeploymentWire {
  readonly id: string
  readonly created: string
  readonly updated: string
  readonly name: string
  readonly version: string | null
  readonly description: string | null
  readonly flow_id: string
  readonly paused: boolean
  readonly schedules: readonly Json[]
  readonly concurrency_limit: number | null
  readonly global_concurrency_limit: JsonObject | null
  readonly concurrency_options: JsonObject | null
  readonly job_variables: JsonObject
  readonly parameters: JsonObject
  readonly tags: readonly string[]
  readonly labels: Labels
  readonly work_queue_name: string | null
  readonly work_queue_id: string | null
  readonly work_pool_name: string | null
  readonly last_polled: string | null
  readonly parameter_openapi_schema: JsonObject | null
  readonly path: string | null
  readonly pull_steps: readonly Json[] | null
  readonly entrypoint: string | null
  readonly storage_document_id: string | null
  readonly infrastructure_document_id: string | null
  readonly created_by: CreatedByWire | null
  readonly updated_by: CreatedByWire | null
  readonly status: 'READY' | 'NOT_READY'
  readonly enforce_parameter_schema: boolean
  // Ours
  readonly flow_name: string
}

/** Prefect's TaskRun. */
export interface TaskRunWire {
  readonly id: string
  readonly created: string
  readonly updated: string
  readonly name: string
  readonly flow_run_id: string | null
  readonly task_key: string
  readonly dynamic_key: string
  readonly cache_key: string | null
  readonly cache_expiration: string | null
  readonly task_version: string | null
  readonly empirical_policy: {
    readonly max_retries: number
    readonly retry_delay_seconds: number
    readonly retries: number | null
    readonly retry_delay: number | readonly number[] | null
    readonly retry_jitter_factor: number | null
  }
  readonly tags: readonly string[]
  readonly labels: Labels
  readonly state_id: string
  readonly task_inputs: JsonObject
  readonly state_type: StateType
  readonly state_name: string
  readonly run_count: number
  readonly flow_run_run_count: number
  readonly expected_start_time: string | null
  readonly next_scheduled_start_time: string | null
  readonly start_time: string | null
  readonly end_time: string | null
  readonly total_run_time: number
  readonly estimated_run_time: number
  readonly estimated_start_time_delta: number
  readonly state: StateWire
}

/** Prefect's PaginationResponse of any kind. */
export interface PageWire<T> {
  readonly results: readonly T[]
  readonly count: number
  readonly limit: number
  readonly pages: number
  readonly page: number
}

/** Prefect's HistoryResponse: the runs that were expected in an interval. */
export interface HistoryWire {
  readonly interval_start: string
  readonly interval_end: string
  readonly states: readonly {
    readonly state_type: StateType
    readonly state_name: string
    readonly count_runs: number
    /** Seconds. */
    readonly sum_estimated_run_time: number
    readonly sum_estimated_lateness: number
  }[]
}

/** Prefect's Log. */
export interface LogWire {
  readonly id: string
  readonly created: string
  readonly updated: string
  readonly name: string
  readonly level: number
  readonly message: string
  readonly timestamp: string
  readonly flow_run_id: string | null
  readonly task_run_id: string | null
}

/** Prefect's Variable. */
export interface VariableWire {
  readonly id: string
  readonly created: string
  readonly updated: string
  readonly name: string
  readonly value: Json
  readonly tags: readonly string[]
}

/** Prefect's DeploymentSchedule. */
export interface DeploymentScheduleWire {
  readonly id: string
  readonly created: string
  readonly updated: string
  readonly deployment_id: string
  readonly schedule: JsonObject
  readonly active: boolean
  readonly max_scheduled_runs: number | null
  readonly parameters: JsonObject
  readonly slug: string | null
}

/** Prefect's EventPage. `next_page` is the address of the next one. */
export interface EventPageWire {
  readonly events: readonly EventWire[]
  readonly total: number
  readonly next_page: string | null
}

/** Prefect's EventCount. */
export interface EventCountWire {
  readonly value: string
  readonly label: string
  readonly count: number
  readonly start_time: string
  readonly end_time: string
}

/** Prefect's ReceivedEvent. */
export interface EventWire {
  readonly id: string
  readonly occurred: string
  readonly event: string
  readonly resource: Resource
  readonly related: readonly Resource[]
  readonly payload: Parameters
  readonly follows: string | null
  readonly received: string
  // Ours
  readonly chain_depth: number
  readonly cause_event_id: string | null
}

export interface TriggerWire {
  readonly type: 'event'
  readonly id: string
  readonly match: Readonly<Record<string, string | readonly string[]>>
  readonly match_related: readonly Readonly<Record<string, string | readonly string[]>>[]
  readonly after: readonly string[]
  readonly expect: readonly string[]
  readonly for_each: readonly string[]
  readonly posture: 'Reactive' | 'Proactive'
  readonly threshold: number
  /** Seconds. */
  readonly within: number
}

export type ActionWire = { readonly type: string } & JsonObject

/** Prefect's Automation. */
export interface AutomationWire {
  readonly id: string
  readonly created: string
  readonly updated: string
  readonly name: string
  readonly description: string
  readonly enabled: boolean
  readonly tags: readonly string[]
  readonly trigger: TriggerWire
  readonly actions: readonly ActionWire[]
  readonly actions_on_trigger: readonly ActionWire[]
  readonly actions_on_resolve: readonly ActionWire[]
  // Ours
  readonly owner_resource: string | null
}

/** Where the time of a run went, attempt by attempt. */
export interface TimelineWire {
  readonly flow_run_id: string
  readonly name: string
  readonly state_type: StateType
  readonly state_name: string
  readonly attempts: readonly {
    readonly attempt: number
    readonly marks: readonly TimelinePart[]
    readonly first_line_ms: number | null
    readonly first_output_ms: number | null
    readonly total_ms: number | null
  }[]
}

export interface StartedRunWire {
  readonly action: number
  readonly flow_run_id: string
}

export type VerdictOutcomeWire =
  | { readonly kind: 'fired'; readonly runs: readonly StartedRunWire[] }
  | { readonly kind: 'counting'; readonly count: number; readonly threshold: number }
  | { readonly kind: 'throttled'; readonly until: string }
  | { readonly kind: 'opened' }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason }
  /** The first action that could not be done, the runs that others started, and what went wrong with further ones. */
  | (ActionTrouble & { readonly runs: readonly StartedRunWire[]; readonly also: readonly ActionTrouble[] })
  | { readonly kind: 'too_deep'; readonly message: string }

export interface VerdictWire {
  readonly event_id: string
  readonly automation_id: string
  readonly at: string
  readonly outcome: VerdictOutcomeWire
}

export interface HookWire {
  readonly id: string
  readonly created: string
  readonly name: string
  readonly event: string
  readonly signed: boolean
}

/** Prefect's OrchestrationResult. */
export interface OrchestrationWire {
  readonly state: StateWire | null
  readonly status: 'ACCEPT' | 'REJECT' | 'WAIT' | 'ABORT'
  readonly details:
    | { readonly type: 'accept_details' }
    | { readonly type: 'reject_details'; readonly reason: string | null }
    | { readonly type: 'wait_details'; readonly delay_seconds: number; readonly reason: string | null }
    | { readonly type: 'abort_details'; readonly reason: string | null }
}

/** Prefect's FlowRunInput. */
export interface RunInputWire {
  readonly id: string
  readonly created: string
  readonly updated: string
  readonly flow_run_id: string
  readonly key: string
  readonly value: string
  readonly sender: string | null
}

/** Why a run is where it is. */
export interface RunWhyWire {
  readonly flow_run_id: string
  readonly name: string
  readonly state_type: StateType
  readonly state_name: string
  readonly reason: WhyReason
  /** One sentence. */
  readonly summary: string
  readonly since: string
  /** When it goes on by itself, where that is known. */
  readonly until: string | null
  /** The command that mends it, where there is one. */
  readonly command: string | null
}

/** Why an event did or did not fire an automation. */
export interface WhyWire {
  readonly automation_id: string
  readonly automation_name: string
  readonly event_id: string
  readonly matched: boolean
  readonly summary: string
  readonly clauses: readonly { readonly clause: string; readonly matched: boolean; readonly wanted: Json; readonly saw: Json }[]
}

export interface ExecutorWire {
  readonly session_id: string
  readonly name: string
  readonly host: string
  readonly pid: number
  /** A host takes no runs: it keeps processes ready, each of which is an executor that names its host's session. */
  readonly role: 'executor' | 'host'
  readonly host_session_id: string | null
  readonly deployments: readonly string[]
  readonly running: number
  readonly limit: number
}

/** What was removed, or would be: rows of each kind. A moment is null where everything is kept. */
export interface PruneWire {
  readonly dry_run: boolean
  readonly runs_before: string | null
  readonly events_before: string | null
  readonly removed: Readonly<
    Record<
      | 'flow_runs'
      | 'flow_run_states'
      | 'results'
      | 'task_runs'
      | 'task_run_states'
      | 'logs'
      | 'chunks'
      | 'events'
      | 'verdicts'
      | 'windows',
      number
    >
  >
}

export interface ErrorWire {
  readonly code: string
  readonly exception_message: string
  readonly exception_detail?: readonly Fault[]
  readonly detail?: string
  readonly retryable: boolean
}
