/**
 * Whether an event is one that a trigger speaks of, exactly as Prefect 3 decides it: its event name is wanted
 * by `expect` or `after`, its resource fits `match`, and each spec of `match_related` fits some related resource.
 * A trigger is compiled once and remembered for as long as its object lives.
 */
import type { Event, Resource } from '../events.ts'
import { compileEventNames, compileNegatable, type EventNames } from './event-names.ts'
import type { EventTrigger, ResourceSpec } from './types.ts'

export interface CompiledLabel {
  readonly label: string
  readonly wanted: string | readonly string[]
  /** `saw` is `undefined` when the resource has no such label: that never fits, not even a negated value. */
  fits(saw: string | undefined): boolean
}
export type CompiledSpec = readonly CompiledLabel[]

export interface CompiledTrigger {
  readonly names: EventNames
  readonly match: CompiledSpec
  readonly matchRelated: readonly CompiledSpec[]
  /** Sorted, as the keys of buckets are. */
  readonly forEach: readonly string[]
}

export const labelOf = (resource: Resource, label: string): string | undefined =>
  Object.hasOwn(resource, label) ? resource[label] : undefined

export function compileSpec(spec: ResourceSpec): CompiledSpec {
  return Object.entries(spec).map(([label, wanted]) => {
    const tests = (typeof wanted === 'string' ? [wanted] : wanted).map(compileNegatable)
    const fits = (saw: string | undefined): boolean => saw !== undefined && tests.some((test) => test(saw))
    return { label, wanted, fits }
  })
}

const compiled = new WeakMap<EventTrigger, CompiledTrigger>()

export function compileTrigger(trigger: EventTrigger): CompiledTrigger {
  const known = compiled.get(trigger)
  if (known) return known
  const made: CompiledTrigger = {
    names: compileEventNames(trigger),
    match: compileSpec(trigger.match),
    matchRelated: trigger.match_related.map(compileSpec),
    forEach: [...new Set(trigger.for_each)].sort(),
  }
  compiled.set(trigger, made)
  return made
}

export const fitsResource = (spec: CompiledSpec, resource: Resource): boolean =>
  spec.every(({ label, fits }) => fits(labelOf(resource, label)))

/** An empty spec is satisfied also where nothing is related. */
export const fitsSome = (spec: CompiledSpec, resources: readonly Resource[]): boolean =>
  spec.length === 0 || resources.some((resource) => fitsResource(spec, resource))

/** True when the whole filter of the trigger fits the event. */
export function matches(trigger: EventTrigger, event: Event): boolean {
  const { names, match, matchRelated } = compileTrigger(trigger)
  return (
    names.covers(event.event) &&
    fitsResource(match, event.resource) &&
    matchRelated.every((spec) => fitsSome(spec, event.related))
  )
}

const RELATED = /^related:(.*):([^:]*)$/s

/** The value of a `for_each` label: of the resource, or with `related:<role>:<label>` of the first related one in that role. */
function findLabel(event: Event, label: string): string | undefined {
  const [, role, relatedLabel] = RELATED.exec(label) ?? []
  if (role !== undefined && relatedLabel !== undefined) {
    const resource = event.related.find((related) => labelOf(related, 'prefect.resource.role') === role)
    if (resource) return labelOf(resource, relatedLabel)
  }
  return labelOf(event.resource, label)
}

/** The values of the `for_each` labels, in the labels' order; one that is absent counts as empty text. */
export const bucketKey = (trigger: EventTrigger, event: Event): string[] =>
  compileTrigger(trigger).forEach.map((label) => findLabel(event, label) ?? '')

/** The same values by their labels: what templates see as `labels`. */
export function triggeringLabels(trigger: EventTrigger, key: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(compileTrigger(trigger).forEach.map((label, index) => [label, key[index] ?? '']))
}
