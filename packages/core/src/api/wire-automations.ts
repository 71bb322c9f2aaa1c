/** Domain → wire for automations, verdicts and hooks. */
import type { Action, Automation, StartedRun, Verdict, VerdictOutcome } from '../automations/types.ts'
import type { Micros } from '../time.ts'
import { toIso } from '../time.ts'
import type { ActionWire, AutomationWire, HookWire, StartedRunWire, VerdictOutcomeWire, VerdictWire } from './wire-types.ts'

const actionToWire = (action: Action): ActionWire => ({ ...action }) as ActionWire

/** Prefect's Automation. */
export const automationToWire = (automation: Automation): AutomationWire => ({
  id: automation.id,
  created: toIso(automation.createdAt),
  updated: toIso(automation.updatedAt),
  name: automation.name,
  description: automation.description,
  enabled: automation.enabled,
  tags: automation.tags,
  trigger: automation.trigger,
  actions: automation.actions.map(actionToWire),
  actions_on_trigger: automation.actionsOnTrigger.map(actionToWire),
  actions_on_resolve: automation.actionsOnResolve.map(actionToWire),
  owner_resource: automation.ownerResource,
})

const runsToWire = (runs: readonly StartedRun[]): StartedRunWire[] =>
  runs.map(({ action, runId }) => ({ action, flow_run_id: runId }))

function outcomeToWire(outcome: VerdictOutcome): VerdictOutcomeWire {
  if ('runs' in outcome) return { ...outcome, runs: runsToWire(outcome.runs) }
  if (outcome.kind === 'throttled') return { kind: 'throttled', until: toIso(outcome.until) }
  return outcome
}

/** The runs that an event started, whatever else its automation could not do. */
export const runsOfOutcome = (outcome: VerdictOutcomeWire): readonly StartedRunWire[] => ('runs' in outcome ? outcome.runs : [])

export const verdictToWire = (verdict: Verdict): VerdictWire => ({
  event_id: verdict.eventId,
  automation_id: verdict.automationId,
  at: toIso(verdict.at),
  outcome: outcomeToWire(verdict.outcome),
})

/** A hook without its secret: that one is shown once, when the hook is made. */
export const hookToWire = (hook: {
  readonly id: string
  readonly name: string
  readonly event: string
  readonly secret: Uint8Array | null
  readonly createdAt: Micros
}): HookWire => ({
  id: hook.id,
  created: toIso(hook.createdAt),
  name: hook.name,
  event: hook.event,
  signed: hook.secret !== null,
})
