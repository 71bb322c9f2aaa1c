/**
 * I8: for each enabled automation whose whole filter fits an event there is one verdict, and it is the one that the
 * trigger's own counting gives. Reckoned from the books alone, without the server's index, cache or buckets.
 */
import { type Automation, bucketKey, type Event, flowRunStateEvent, matches, reduceTrigger, type Verdict } from '@pilotflame/core'
import type { Fact } from './books.ts'
import type { World } from './world.ts'

/** Gives back the facts with what the checks have counted. */
export function checkVerdicts(world: World, facts: readonly Fact[]): readonly Fact[] {
  const verdicts = new Map<string, Verdict[]>()
  const counted: Fact[] = []
  for (const fact of facts) {
    if (fact.kind !== 'verdict') continue
    const list = verdicts.get(fact.verdict.eventId)
    if (list) list.push(fact.verdict)
    else verdicts.set(fact.verdict.eventId, [fact.verdict])
  }
  for (const event of eventsOf(world, facts)) {
    const stored = verdicts.get(event.id) ?? []
    verdicts.delete(event.id)
    const expected: string[] = []
    for (const automation of world.ledger.books.automations.values()) {
      if (!automation.enabled || !matches(automation.trigger, event)) continue
      const known = (world.ledger.books.commitOf.get(automation.id) ?? 0) <= world.ledger.answered
      // One that nobody was told is saved may or may not see an event that comes at the same time.
      if (!known && !stored.some(({ automationId }) => automationId === automation.id)) continue
      expected.push(`${automation.name}: ${inWords(count(world, automation, event, counted))}`)
    }
    const found = stored.map(({ automationId, outcome }) => {
      const name = world.ledger.books.automations.get(automationId)?.name ?? automationId
      return `${name}: ${outcome.kind === 'counting' ? inWords(outcome) : outcome.kind}`
    })
    if (expected.sort().join() !== found.sort().join()) {
      world.violated('I8', `event ${event.event} ${event.id} should have [${expected}] and has [${found}]`)
    }
    for (const { outcome } of stored) if (outcome.kind === 'fired') checkRuns(world, facts, event, outcome.runs)
  }
  for (const id of verdicts.keys()) world.violated('I8', `a verdict was stored for ${id}, which is no event of this body`)
  return counted.length === 0 ? facts : [...facts, ...counted]
}

type TriggerOutcome = ReturnType<typeof reduceTrigger>['outcome']

const inWords = (outcome: TriggerOutcome): string =>
  outcome.kind === 'counting' ? `counting ${outcome.count} of ${outcome.threshold}` : outcome.kind

function checkRuns(world: World, facts: readonly Fact[], event: Event, runs: readonly { readonly runId: string }[]): void {
  for (const { runId } of runs) {
    const made = facts.some(
      (fact) => fact.kind === 'run' && fact.isNew && fact.run.id === runId && fact.run.causeEventId === event.id,
    )
    if (!made) world.violated('I8', `event ${event.id} fired run ${runId}, which was not written with it`)
  }
}

function count(world: World, automation: Automation, event: Event, counted: Fact[]): TriggerOutcome {
  const { trigger } = automation
  const key = `${trigger.id} ${JSON.stringify(bucketKey(trigger, event))}`
  const earlier = counted.findLast((fact) => fact.kind === 'bucket' && fact.key === key)
  const known = earlier?.kind === 'bucket' ? earlier.bucket : (world.ledger.books.buckets.get(key) ?? null)
  const { bucket, outcome } = reduceTrigger({ trigger, automationId: automation.id, bucket: known, event })
  if (bucket !== known) counted.push({ kind: 'bucket', key, bucket })
  if (outcome.kind === 'counting' && outcome.count > 1) world.countedOn(key)
  return outcome
}

/** The events that came in with this body, and those that its states are. */
function* eventsOf(world: World, facts: readonly Fact[]): Iterable<Event> {
  for (const fact of facts) if (fact.kind === 'event') yield fact.event
  const { books } = world.ledger
  if (![...books.automations.values()].some(({ trigger }) => trigger.expect.some((name) => name.startsWith('prefect.')))) return
  for (const fact of facts) {
    if (fact.kind !== 'run') continue
    const { run, states } = fact
    const flow = books.flows.get(run.flowId) ?? { id: run.flowId, name: '' }
    const deployment = (run.deploymentId && books.deployments.get(run.deploymentId)) || null
    const last = world.ledger.books.runs.get(run.id)?.run.state ?? null
    for (const [index, state] of states.entries()) {
      yield flowRunStateEvent({ run, state, previous: states[index - 1] ?? last, flow, deployment })
    }
  }
}
