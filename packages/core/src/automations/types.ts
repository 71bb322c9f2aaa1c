import type { Fault } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import type { Micros } from '../time.ts'

/** Label → the values it may have. `*`, `?` and `[…]` are wildcards, a leading `!` turns a value round; all labels must fit. */
export type ResourceSpec = Readonly<Record<string, string | readonly string[]>>

/** Prefect's event trigger with its defaults filled in. */
export interface EventTrigger {
  readonly type: 'event'
  readonly id: string
  readonly match: ResourceSpec
  /** Each spec must be satisfied by some related resource. */
  readonly match_related: readonly ResourceSpec[]
  readonly after: readonly string[]
  readonly expect: readonly string[]
  readonly for_each: readonly string[]
  readonly posture: 'Reactive' | 'Proactive'
  readonly threshold: number
  /** Seconds; 0 = no window: fires with each event. */
  readonly within: number
}

export interface RunDeploymentAction {
  readonly type: 'run-deployment'
  readonly source: 'selected' | 'inferred'
  readonly deployment_id: string | null
  /** Values with templates in them; null = the deployment's own. */
  readonly parameters: JsonObject | null
  readonly job_variables: JsonObject | null
  /** Seconds. */
  readonly schedule_after: number
}

export interface DoNothingAction {
  readonly type: 'do-nothing'
}

export type Action = RunDeploymentAction | DoNothingAction

export interface Automation {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly enabled: boolean
  readonly tags: readonly string[]
  readonly trigger: EventTrigger
  readonly actions: readonly Action[]
  readonly actionsOnTrigger: readonly Action[]
  readonly actionsOnResolve: readonly Action[]
  /** `prefect.deployment.<id>` for those that a deployment brought along. */
  readonly ownerResource: string | null
  readonly createdAt: Micros
  readonly updatedAt: Micros
}

/** What a trigger has counted so far for one tuple of its `for_each` labels. */
export interface Bucket {
  readonly automationId: string
  readonly triggerId: string
  /** The values of the `for_each` labels. */
  readonly key: readonly string[]
  readonly start: Micros
  readonly end: Micros
  readonly count: number
  /** When it fired, if it did. */
  readonly firedAt: Micros | null
}

/** Why an event that fits the filter changes nothing: no `after` event came before it, or it is from outside of the window. */
export type IgnoredReason = 'not_opened' | 'before_window' | 'after_window' | 'open_already'

/** A run that an action started. */
export interface StartedRun {
  /** The action's place in `actions`, those of `actions_on_trigger` behind them. */
  readonly action: number
  readonly runId: string
}

/** An action that could not be done. */
export type ActionTrouble =
  | { readonly kind: 'rejected_parameters'; readonly action: number; readonly faults: readonly Fault[] }
  | { readonly kind: 'failed'; readonly action: number; readonly code: string; readonly message: string }

/** What the other actions did: each is done by itself. */
export interface OtherActions {
  readonly runs: readonly StartedRun[]
  readonly also: readonly ActionTrouble[]
}

/** What became of an event with an automation whose whole filter it matched (I8). */
export type VerdictOutcome =
  | { readonly kind: 'fired'; readonly runs: readonly StartedRun[] }
  | { readonly kind: 'counting'; readonly count: number; readonly threshold: number }
  | { readonly kind: 'throttled'; readonly until: Micros }
  | { readonly kind: 'opened' } // an `after` event: counting starts now
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason }
  | (ActionTrouble & OtherActions)
  | { readonly kind: 'too_deep'; readonly message: string }

export interface Verdict {
  readonly eventId: string
  readonly automationId: string
  readonly at: Micros
  readonly outcome: VerdictOutcome
}
