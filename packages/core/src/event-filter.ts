/**
 * Which events somebody wants to see: Prefect's EventFilter, compiled once and asked for each event. Lists of events
 * and live subscriptions take the same test, so that a backfill and what follows it never differ.
 */
import { compileSpec, fitsResource } from './automations/match.ts'
import type { ResourceSpec } from './automations/types.ts'
import type { Event, Resource } from './events.ts'
import { parseSearch, type Search } from './search-text.ts'
import { type Micros, parseIso } from './time.ts'

type Texts = readonly string[] | null | undefined

interface ResourceCriteria {
  readonly id?: Texts
  readonly id_prefix?: Texts
  readonly labels?: ResourceSpec | null | undefined
}

export interface RelatedCriteria {
  readonly id?: Texts
  readonly role?: Texts
  readonly resources_in_roles?: readonly (readonly [string, string])[] | null | undefined
  readonly labels?: ResourceSpec | null | undefined
}

type OneOrMore<T> = T | readonly T[] | null | undefined

/** As it stands on the wire; an empty list asks for nothing. */
export interface EventFilter {
  readonly occurred?: { readonly since?: string | undefined; readonly until?: string | undefined } | undefined
  readonly event?:
    | { readonly prefix?: Texts; readonly exclude_prefix?: Texts; readonly name?: Texts; readonly exclude_name?: Texts }
    | null
    | undefined
  readonly resource?: ResourceCriteria | null | undefined
  readonly related?: OneOrMore<RelatedCriteria>
  readonly any_resource?: OneOrMore<ResourceCriteria>
  readonly id?: { readonly id?: Texts } | undefined
  readonly text?: { readonly query: string } | null | undefined
  readonly order?: 'ASC' | 'DESC' | undefined
}

export interface CompiledEventFilter {
  /** Moments, both inclusive; undefined where the filter names none. */
  readonly since: Micros | undefined
  readonly until: Micros | undefined
  /** Ids of events, where only these are wanted. */
  readonly ids: readonly string[] | undefined
  /** Ids of resources, where only these are wanted. */
  readonly resourceIds: readonly string[] | undefined
  /** False: no event of this name is wanted, whatever else is in it. */
  wantsName(name: string): boolean
  /** False: no event about this resource is wanted. */
  wantsResource(id: string): boolean
  /** True: ids, name and resource decide alone; nothing else of the event needs to be looked at. */
  readonly isShallow: boolean
  /** All of the filter but its moments. */
  wants(event: Event): boolean
  /** All of the filter. */
  includes(event: Event): boolean
}

const some = (list: Texts): list is readonly string[] => list !== null && list !== undefined && list.length > 0
const startsSome = (prefixes: Texts, text: string): boolean => !some(prefixes) || prefixes.some((one) => text.startsWith(one))
const idOf = (resource: Resource): string => resource['prefect.resource.id'] ?? ''
const listOf = <T extends object>(given: OneOrMore<T>): readonly T[] =>
  given === null || given === undefined ? [] : Array.isArray(given) ? given : [given as T]

function compileNames(names: EventFilter['event']): (name: string) => boolean {
  const { prefix, exclude_prefix, name: exact, exclude_name } = names ?? {}
  const wanted = some(exact) ? new Set(exact) : undefined
  const unwanted = new Set(exclude_name ?? [])
  return (name) =>
    startsSome(prefix, name) &&
    !(some(exclude_prefix) && exclude_prefix.some((one) => name.startsWith(one))) &&
    (wanted === undefined || wanted.has(name)) &&
    !unwanted.has(name)
}

/** A label that may have no value at all fits nothing. */
function compileLabels(labels: ResourceSpec | null | undefined): (resource: Resource) => boolean {
  if (!labels) return () => true
  const spec = compileSpec(labels)
  return (resource) => fitsResource(spec, resource)
}

function compileResource({ id, id_prefix, labels }: ResourceCriteria): (resource: Resource) => boolean {
  const fitsLabels = compileLabels(labels)
  return (resource) => (!some(id) || id.includes(idOf(resource))) && startsSome(id_prefix, idOf(resource)) && fitsLabels(resource)
}

/** One related resource has to fit all of it. Without criteria it asks for nothing, also where nothing is related. */
function compileRelated({ id, role, resources_in_roles: pairs, labels }: RelatedCriteria): (event: Event) => boolean {
  const asks = some(id) || some(role) || (pairs?.length ?? 0) > 0 || Boolean(labels)
  if (!asks) return () => true
  const fitsLabels = compileLabels(labels)
  const fits = (resource: Resource): boolean => {
    const itsRole = resource['prefect.resource.role'] ?? ''
    return (
      (!some(id) || id.includes(idOf(resource))) &&
      (!some(role) || role.includes(itsRole)) &&
      (!pairs || pairs.length === 0 || pairs.some(([wanted, as]) => wanted === idOf(resource) && as === itsRole)) &&
      fitsLabels(resource)
    )
  }
  return ({ related }) => related.some(fits)
}

/** What a text search looks through: the name, the values of all labels, and the payload. */
const searchable = ({ event, resource, related, payload }: Event): string =>
  [event, ...Object.values(resource), ...related.flatMap((one) => Object.values(one)), JSON.stringify(payload)]
    .join(' ')
    .toLowerCase()

function fitsSearch({ any, all, none }: Search, event: Event): boolean {
  const text = searchable(event)
  return (
    (any.length === 0 || any.some((term) => text.includes(term))) &&
    all.every((term) => text.includes(term)) &&
    !none.some((term) => text.includes(term))
  )
}

export function compileEventFilter(filter: EventFilter): CompiledEventFilter {
  const { occurred, resource, id, text } = filter
  const since = occurred?.since === undefined ? undefined : parseIso(occurred.since)
  const until = occurred?.until === undefined ? undefined : parseIso(occurred.until)
  const ids = some(id?.id) ? id.id.map((one) => one.toLowerCase()) : undefined
  const wantsName = compileNames(filter.event)
  const fitsResourceFilter = compileResource(resource ?? {})
  const related = listOf(filter.related).map(compileRelated)
  const anyResource = listOf(filter.any_resource).map(compileResource)
  const search = text ? parseSearch(text.query) : undefined
  const wants = (event: Event): boolean =>
    wantsName(event.event) &&
    (ids === undefined || ids.includes(event.id)) &&
    fitsResourceFilter(event.resource) &&
    related.every((fits) => fits(event)) &&
    anyResource.every((fits) => fits(event.resource) || event.related.some(fits)) &&
    (search === undefined || fitsSearch(search, event))
  const inTime = ({ occurred: at }: Event): boolean =>
    (since === undefined || at >= since) && (until === undefined || at <= until)
  return {
    since,
    until,
    ids,
    resourceIds: some(resource?.id) ? resource.id : undefined,
    wantsName,
    wantsResource: (given) => (!some(resource?.id) || resource.id.includes(given)) && startsSome(resource?.id_prefix, given),
    isShallow: !resource?.labels && related.length === 0 && anyResource.length === 0 && search === undefined,
    wants,
    includes: (event) => inTime(event) && wants(event),
  }
}
