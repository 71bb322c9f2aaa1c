/**
 * Checks the body of `POST /events` by hand: it is the hot path. Finds every fault at once; an unknown field passes,
 * as Prefect lets it, unless it is a near miss of a known one or something else is wrong too.
 */
import type { Fault } from '../errors.ts'
import type { Resource } from '../events.ts'
import { isUuid } from '../ids.ts'
import { isObject, type Parameters } from '../json.ts'
import { nearest } from '../suggest.ts'
import { type Micros, parseIso } from '../time.ts'
import { utf8 } from '../utf8.ts'

/** Prefect's limits. */
export const EVENT_NAME_CHARS_MAX = 1024
export const EVENT_BYTES_MAX = 1_500_000
export const LABELS_MAX = 500
export const RELATED_MAX = 100

/** An event that may be stored. */
export interface CheckedEvent {
  readonly id: string
  readonly occurred: Micros
  readonly event: string
  readonly resource: Resource
  readonly related: readonly Resource[]
  readonly payload: Parameters
  readonly follows: string | null
}

export type CheckedEvents =
  | { readonly ok: true; readonly events: readonly CheckedEvent[]; readonly unknownFields: readonly string[] }
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly tooLarge: TooLarge | undefined }

/** The first event that is larger than one may be. */
export interface TooLarge {
  readonly loc: Fault['loc']
  readonly bytes: number
}

const FIELDS: ReadonlySet<string> = new Set(['id', 'occurred', 'event', 'resource', 'related', 'payload', 'follows'])
/** Prefect's ReceivedEvent and our own additions: known, and the server's to say. */
const SERVERS_OWN: ReadonlySet<string> = new Set(['received', 'chain_depth', 'cause_event_id'])

type Loc = readonly (string | number)[]

class Check {
  readonly faults: Fault[] = []
  readonly unknown: { readonly loc: Loc; readonly name: string }[] = []
  tooLarge: TooLarge | undefined

  fault(loc: Loc, type: string, msg: string, suggestion?: string): void {
    this.faults.push({ loc, msg, type, ...(suggestion === undefined ? {} : { suggestion }) })
  }
}

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function checkName(check: Check, loc: Loc, value: unknown): void {
  if (value === undefined) check.fault(loc, 'missing', 'event is missing: the name of what happened, such as "chat.message"')
  else if (typeof value !== 'string') check.fault(loc, 'type', `event must be a string, not ${kindOf(value)}`)
  else if (value === '') check.fault(loc, 'too_short', 'event must not be empty')
  else if (value.length > EVENT_NAME_CHARS_MAX) {
    check.fault(loc, 'too_long', `event has ${value.length} characters; at most ${EVENT_NAME_CHARS_MAX} are allowed`)
  }
}

function checkResource(check: Check, loc: Loc, value: unknown, related: boolean): void {
  if (!isObject(value)) {
    const said = value === undefined ? 'resource is missing' : `must be an object of labels, not ${kindOf(value)}`
    return check.fault(loc, value === undefined ? 'missing' : 'type', `${said}: it needs the label prefect.resource.id`)
  }
  let labels = 0
  for (const label in value) {
    labels += 1
    if (typeof value[label] !== 'string') {
      check.fault([...loc, label], 'type', `a label's value must be a string, not ${kindOf(value[label])}`)
    }
  }
  if (labels > LABELS_MAX) check.fault(loc, 'too_long', `a resource has ${labels} labels; at most ${LABELS_MAX} are allowed`)
  needLabel(check, loc, value, 'prefect.resource.id')
  if (related) needLabel(check, loc, value, 'prefect.resource.role')
}

function needLabel(check: Check, loc: Loc, labels: Record<string, unknown>, label: string): void {
  if (labels[label] !== undefined && labels[label] !== '') return
  const near = nearest(
    label,
    Object.keys(labels).filter((one) => one !== 'prefect.resource.id' && one !== 'prefect.resource.role'),
  )
  check.fault(
    [...loc, label],
    'missing',
    `the label ${label} is missing${near ? `; there is ${near}` : ''}`,
    near ? label : undefined,
  )
}

function checkRelated(check: Check, loc: Loc, value: unknown): void {
  if (!Array.isArray(value)) return check.fault(loc, 'type', `related must be a list of resources, not ${kindOf(value)}`)
  if (value.length > RELATED_MAX) {
    check.fault(loc, 'too_long', `related has ${value.length} resources; at most ${RELATED_MAX} are allowed`)
  }
  value.forEach((one, index) => {
    checkResource(check, [...loc, index], one, true)
  })
}

/** The sender names the event: so it can send it again, and ask what became of it. */
function checkId(check: Check, loc: Loc, value: unknown): void {
  if (value === undefined)
    check.fault(loc, 'missing', 'id is missing: a UUID made by the sender; the same one again is the same event')
  else checkUuid(check, loc, 'id', value)
}

function checkUuid(check: Check, loc: Loc, name: string, value: unknown): void {
  if (!isUuid(value)) check.fault(loc, 'uuid', `${name} must be a UUID, not ${JSON.stringify(value)?.slice(0, 60)}`)
}

/** The moment; 0 where it is a fault. */
function readMoment(check: Check, loc: Loc, value: unknown): Micros {
  const at = typeof value === 'string' ? parseIso(value) : undefined
  if (at !== undefined) return at
  const msg = value === undefined ? 'occurred is missing: when it happened' : 'occurred must be an ISO-8601 moment'
  check.fault(loc, value === undefined ? 'missing' : 'datetime', `${msg}, such as 2026-11-24T12:00:00Z`)
  return 0
}

const NONE: readonly Resource[] = []
const EMPTY: Parameters = {}

function checkEvent(check: Check, loc: Loc, value: unknown): CheckedEvent | undefined {
  if (!isObject(value)) {
    check.fault(loc, 'type', `an event must be an object, not ${kindOf(value)}`)
    return undefined
  }
  for (const name in value) {
    if (!FIELDS.has(name)) check.unknown.push({ loc: [...loc, name], name })
  }
  const { id, event, resource, related, payload, follows } = value
  checkId(check, [...loc, 'id'], id)
  const occurred = readMoment(check, [...loc, 'occurred'], value.occurred)
  checkName(check, [...loc, 'event'], event)
  checkResource(check, [...loc, 'resource'], resource, false)
  if (related !== undefined) checkRelated(check, [...loc, 'related'], related)
  if (payload !== undefined && !isObject(payload)) {
    check.fault(
      [...loc, 'payload'],
      'type',
      `payload must be an object, not ${kindOf(payload)}; put it into one, such as {"body": …}`,
    )
  }
  if (follows !== undefined && follows !== null) checkUuid(check, [...loc, 'follows'], 'follows', follows)
  if (check.faults.length > 0) return undefined
  return {
    // UUIDs are compared as text from here on, and mean the same in either case.
    id: (id as string).toLowerCase(),
    occurred,
    event: event as string,
    resource: resource as Resource,
    related: (related as Resource[] | undefined) ?? NONE,
    payload: (payload as Parameters | undefined) ?? EMPTY,
    follows: typeof follows === 'string' ? follows.toLowerCase() : null,
  }
}

/** Unknown fields: a near miss is a fault by itself, and where there is any fault all of them are told. */
function checkUnknown(check: Check): void {
  const found = check.unknown.map((one) => ({ ...one, near: SERVERS_OWN.has(one.name) ? undefined : nearest(one.name, FIELDS) }))
  const tellAll = check.faults.length > 0 || found.some(({ near }) => near !== undefined)
  if (!tellAll) return
  for (const { loc, name, near } of found) {
    check.fault(loc, 'unknown_field', `${name} is no field of an event${near ? `; did you mean ${near}?` : ''}`, near)
  }
}

/** Checks one event or a list of them. `bytes` is the size of the whole body. */
export function checkEvents(body: unknown, bytes: number): CheckedEvents {
  const check = new Check()
  const list: readonly unknown[] = Array.isArray(body) ? body : [body]
  const events: CheckedEvent[] = []
  list.forEach((value, index) => {
    const loc: Loc = Array.isArray(body) ? [index] : []
    const event = checkEvent(check, loc, value)
    if (event) events.push(event)
    if (bytes > EVENT_BYTES_MAX) checkSize(check, loc, value, list.length === 1 ? bytes : undefined)
  })
  if (check.unknown.length > 0) checkUnknown(check)
  if (check.faults.length > 0) return { ok: false, faults: check.faults, tooLarge: check.tooLarge }
  return { ok: true, events, unknownFields: check.unknown.map(({ name }) => name) }
}

function checkSize(check: Check, loc: Loc, value: unknown, known: number | undefined): void {
  const size = known ?? utf8(JSON.stringify(value)).length
  if (size <= EVENT_BYTES_MAX) return
  check.fault(loc, 'too_long', `the event has ${size} bytes; at most ${EVENT_BYTES_MAX} are allowed`)
  check.tooLarge ??= { loc, bytes: size }
}
