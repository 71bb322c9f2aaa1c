/**
 * Automations that want the same event name, filed by a label that their trigger wants to have exactly: thousands
 * on one event name stay fast as long as they speak of different resources. One without such a label is always given.
 */
import type { Event, Resource } from '../events.ts'
import type { CompiledAutomation } from './compile-automation.ts'
import { isGlob } from './glob.ts'
import { labelOf } from './match.ts'
import type { EventTrigger, ResourceSpec } from './types.ts'

type Found = Set<CompiledAutomation>

export interface ResourceIndex {
  add(automation: CompiledAutomation): void
  remove(automation: CompiledAutomation): void
  /** Adds those to `found` that may match. */
  collect(event: Event, found: Found): void
  readonly size: number
}

/** Where an automation is filed: under each of `values` of `label`. */
interface Place {
  readonly of: 'resource' | 'related'
  readonly label: string
  readonly values: readonly string[]
}

const ID = 'prefect.resource.id'
const isExact = (value: string): boolean => !value.startsWith('!') && !isGlob(value)

function exactPlaces(spec: ResourceSpec, of: Place['of']): Place[] {
  return Object.entries(spec)
    .map(([label, wanted]): Place => ({ of, label, values: typeof wanted === 'string' ? [wanted] : [...new Set(wanted)] }))
    .filter(({ values }) => values.every(isExact))
}

/** How little a label says about which one is meant: an id is best, a role is no help. */
const vagueness = ({ of, label }: Place): number =>
  (label === ID ? 0 : label === 'prefect.resource.role' ? 4 : 2) + (of === 'resource' ? 0 : 1)

function placeOf(trigger: EventTrigger): Place | undefined {
  const places = [exactPlaces(trigger.match, 'resource'), ...trigger.match_related.map((spec) => exactPlaces(spec, 'related'))]
  return places.flat().sort((one, other) => vagueness(one) - vagueness(other))[0]
}

/** label → value → automations */
type Filed = Map<string, Map<string, Found>>

function collectFrom(filed: Filed, resource: Resource, found: Found): void {
  for (const [label, byValue] of filed) {
    const value = labelOf(resource, label)
    if (value === undefined) continue
    for (const automation of byValue.get(value) ?? []) found.add(automation)
  }
}

function file({ label, values }: Place, filed: Filed, automation: CompiledAutomation): void {
  const byValue = filed.get(label) ?? new Map<string, Found>()
  filed.set(label, byValue)
  for (const value of values) {
    const automations = byValue.get(value) ?? new Set()
    byValue.set(value, automations.add(automation))
  }
}

function unfile({ label, values }: Place, filed: Filed, automation: CompiledAutomation): void {
  const byValue = filed.get(label)
  for (const value of values) {
    const automations = byValue?.get(value)
    automations?.delete(automation)
    if (automations?.size === 0) byValue?.delete(value)
  }
  if (byValue?.size === 0) filed.delete(label)
}

export function createResourceIndex(): ResourceIndex {
  const filed: Readonly<Record<Place['of'], Filed>> = { resource: new Map(), related: new Map() }
  const others: Found = new Set()
  let size = 0
  return {
    add(automation) {
      const place = placeOf(automation.automation.trigger)
      if (place) file(place, filed[place.of], automation)
      else others.add(automation)
      size++
    },
    remove(automation) {
      const place = placeOf(automation.automation.trigger)
      if (place) unfile(place, filed[place.of], automation)
      else others.delete(automation)
      size--
    },
    collect(event, found) {
      for (const automation of others) found.add(automation)
      collectFrom(filed.resource, event.resource, found)
      if (filed.related.size > 0) for (const related of event.related) collectFrom(filed.related, related, found)
    },
    get size() {
      return size
    },
  }
}
