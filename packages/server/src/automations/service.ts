/** Automations: saved in the store, and in the index that events are looked up in. The index changes after the flush. */
import {
  AppError,
  type Automation,
  type AutomationIndex,
  type Event,
  explainMatch,
  IGNORED_BECAUSE,
  matches,
  nearest,
  type VerdictOutcome,
  type WhyClause,
} from '@pilotflame/core'
import type { Automations, Why } from '../app.ts'
import type { Clock } from '../ports.ts'
import type { Store, Tx } from '../store/store.ts'

interface Parts {
  readonly store: Store
  readonly clock: Clock
  readonly index: AutomationIndex
}

const automationNotFound = (id: string): AppError =>
  new AppError('automation_not_found', `There is no automation ${id}. List them with "pilot automation ls".`)

/** With an owner an automation is known by (owner, name): saving it again keeps its id, and what its trigger has counted. */
export async function saveAutomation(tx: Tx, automation: Automation): Promise<Automation> {
  const owned = automation.ownerResource === null ? [] : await tx.findAutomationsByOwner(automation.ownerResource)
  const known = owned.find(({ name }) => name === automation.name) ?? (await tx.findAutomation(automation.id))
  const saved: Automation = known
    ? { ...automation, id: known.id, createdAt: known.createdAt, trigger: { ...automation.trigger, id: known.trigger.id } }
    : automation
  tx.saveAutomation(saved)
  return saved
}

export function createAutomations({ store, clock, index }: Parts): Automations {
  return {
    async save(automation) {
      const saved = await store.transaction((tx) => saveAutomation(tx, automation))
      index.put(saved)
      return saved
    },

    async setEnabled(id, enabled) {
      const saved = await store.transaction(async (tx) => {
        const known = await tx.findAutomation(id)
        if (!known) throw automationNotFound(id)
        const changed = { ...known, enabled, updatedAt: clock.now() }
        tx.saveAutomation(changed)
        return changed
      })
      index.put(saved)
    },

    async delete(id) {
      await store.transaction(async (tx) => {
        if (!(await tx.findAutomation(id))) throw automationNotFound(id)
        tx.deleteAutomation(id)
      })
      index.remove(id)
    },

    async relatedTo(resourceId) {
      const all = await store.transaction((tx) => tx.loadAutomations())
      return all.filter((automation) => automation.ownerResource === resourceId || actsOn(automation, resourceId))
    },

    async deleteOwned(ownerResource) {
      const owned = await store.transaction(async (tx) => {
        const found = await tx.findAutomationsByOwner(ownerResource)
        for (const { id } of found) tx.deleteAutomation(id)
        return found
      })
      for (const { id } of owned) index.remove(id)
      return owned.length
    },

    async why(eventId, automationId) {
      const event = await store.find.findEvent(eventId)
      if (!event) throw new AppError('event_not_found', `There is no event ${eventId}. Its id is the one it was sent with.`)
      const automation = await store.find.findAutomation(automationId)
      if (!automation) throw automationNotFound(automationId)
      const verdicts = await store.read.verdicts(eventId)
      const verdict = verdicts.find((one) => one.automationId === automationId)
      return explain(event, automation, verdict?.outcome)
    },

    async test(event, automationId) {
      const all = await store.transaction((tx) => tx.loadAutomations())
      const wanted =
        automationId === undefined ? all.filter(({ enabled }) => enabled) : all.filter(({ id }) => id === automationId)
      if (automationId !== undefined && wanted.length === 0) throw automationNotFound(automationId)
      return wanted.map((automation) => explain(event, automation, undefined))
    },
  }
}

const DEPLOYMENT_RESOURCE = 'prefect.deployment.'

const actsOn = ({ actions }: Automation, resourceId: string): boolean =>
  actions.some(
    (action) => action.type === 'run-deployment' && `${DEPLOYMENT_RESOURCE}${action.deployment_id ?? ''}` === resourceId,
  )

function explain(event: Event, automation: Automation, verdict: VerdictOutcome | undefined): Why {
  const { enabled } = automation
  const disabled: readonly WhyClause[] = enabled ? [] : [{ clause: 'enabled', matched: false, wanted: true, saw: false }]
  const clauses = [...disabled, ...explainMatch(automation.trigger, event)]
  const matched = enabled && matches(automation.trigger, event)
  return {
    automation_id: automation.id,
    automation_name: automation.name,
    event_id: event.id,
    matched,
    summary: summarize({ event, automation, matched, clauses, verdict }),
    clauses,
  }
}

interface Explained {
  readonly event: Event
  readonly automation: Automation
  readonly matched: boolean
  readonly clauses: readonly WhyClause[]
  readonly verdict: VerdictOutcome | undefined
}

function summarize({ event, automation, matched, clauses, verdict }: Explained): string {
  if (!automation.enabled) return `"${automation.name}" is disabled: enable it, and it will see the next event.`
  if (!matched) {
    const clause = clauses.find((one) => !one.matched)
    return `"${automation.name}" did not match: ${clause ? sentence(clause, event) : 'its filter does not fit'}.`
  }
  if (verdict?.kind === 'ignored')
    return `"${automation.name}" matched, but did not count it: ${IGNORED_BECAUSE[verdict.reason]}.`
  if (verdict !== undefined) return `"${automation.name}" matched; its verdict is ${verdict.kind.replaceAll('_', ' ')}.`
  if (event.received < automation.updatedAt && event.received > 0) {
    return `"${automation.name}" matches, but it was saved after this event came in: only later events are judged by it.`
  }
  return `"${automation.name}" matches this event.`
}

function sentence({ clause, wanted, saw }: WhyClause, event: Event): string {
  const hint = saw === null ? nearest(clause.split('.').slice(1).join('.'), Object.keys(event.resource)) : undefined
  const seen = saw === null ? `the event has none${hint ? ` (it has ${hint})` : ''}` : `the event has ${JSON.stringify(saw)}`
  return `${clause} wants ${JSON.stringify(wanted)}, and ${seen}`
}
