/** Why a trigger's filter does or does not fit an event: one line per clause, by the same tests that decide it. */
import type { Event, Resource } from '../events.ts'
import type { Json } from '../json.ts'
import { type CompiledLabel, compileTrigger, fitsResource, fitsSome, labelOf } from './match.ts'
import type { EventTrigger, IgnoredReason } from './types.ts'

export interface WhyClause {
  /** The field of the trigger, such as `expect` or `match.prefect.resource.id`. */
  readonly clause: string
  readonly matched: boolean
  /** What the trigger wants, and what the event has. */
  readonly wanted: Json
  readonly saw: Json
}

/** What came of an event that fits the filter and does not count, for people. */
export const IGNORED_BECAUSE: Readonly<Record<IgnoredReason, string>> = {
  not_opened: 'no event of its "after" came before this one',
  before_window: 'this event occurred before the window in which it counts',
  after_window: 'the time in which it counts after an event of its "after" was over',
  open_already: 'it counts already since an earlier event of its "after"',
}

function explainName(trigger: EventTrigger, event: Event): WhyClause {
  const { names } = compileTrigger(trigger)
  const name = event.event
  const matched = names.covers(name)
  // An event of `after` is waited for too; the clause that let it in is named.
  if (matched && !names.expects(name)) return { clause: 'after', matched, wanted: [...trigger.after], saw: name }
  const both = { expect: [...trigger.expect], after: [...trigger.after] }
  return { clause: 'expect', matched, wanted: trigger.after.length === 0 ? [...trigger.expect] : both, saw: name }
}

const wantedOf = ({ wanted }: CompiledLabel): Json => (typeof wanted === 'string' ? wanted : [...wanted])

/** The related resource that fits the most labels, which is the one that was probably meant. */
function closest(spec: readonly CompiledLabel[], resources: readonly Resource[]): Resource | undefined {
  const fitting = (resource: Resource): number => spec.filter((one) => one.fits(labelOf(resource, one.label))).length
  return resources.reduce<Resource | undefined>(
    (best, resource) => (best === undefined || fitting(resource) > fitting(best) ? resource : best),
    undefined,
  )
}

function explainRelated(spec: readonly CompiledLabel[], index: number, related: readonly Resource[]): WhyClause {
  const matched = fitsSome(spec, related)
  const shown = related.find((resource) => fitsResource(spec, resource)) ?? closest(spec, related)
  return {
    clause: `match_related[${index}]`,
    matched,
    wanted: Object.fromEntries(spec.map((one) => [one.label, wantedOf(one)])),
    saw: shown === undefined ? null : Object.fromEntries(spec.map(({ label }) => [label, labelOf(shown, label) ?? null])),
  }
}

/** Every clause matched: exactly when `matches` says so. */
export function explainMatch(trigger: EventTrigger, event: Event): WhyClause[] {
  const { match, matchRelated } = compileTrigger(trigger)
  const labels = match.map((one): WhyClause => {
    const saw = labelOf(event.resource, one.label)
    return { clause: `match.${one.label}`, matched: one.fits(saw), wanted: wantedOf(one), saw: saw ?? null }
  })
  return [explainName(trigger, event), ...labels, ...matchRelated.map((spec, at) => explainRelated(spec, at, event.related))]
}
