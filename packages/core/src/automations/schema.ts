/**
 * Automations as they come in: Prefect's JSON, checked and with its defaults filled in. Unknown fields of triggers
 * and actions pass with a warning, as Prefect lets them; those of the automation itself are faults.
 */
import { z } from 'zod'
import type { Fault } from '../errors.ts'
import { isUuid } from '../ids.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { nearest } from '../suggest.ts'
import { compileTemplates } from '../templates/compile-templates.ts'
import { parseSeconds } from '../time.ts'
import type { Action, Automation, EventTrigger } from './types.ts'

type Parsed<T> = { readonly ok: true; readonly warnings: readonly string[] } & T
type Refused = { readonly ok: false; readonly faults: readonly Fault[] }
export type ParsedTrigger = Parsed<{ readonly trigger: EventTrigger }> | Refused
export type AutomationInput = Omit<Automation, 'id' | 'createdAt' | 'updatedAt'>
export type ParsedAutomation = Parsed<{ readonly automation: AutomationInput }> | Refused

const seconds = z.unknown().transform((value, context) => {
  const read = parseSeconds(value)
  if (read !== undefined) return read
  context.addIssue({ code: 'custom', message: 'should be a length of time: a number of seconds, or ISO-8601 such as PT10S' })
  return z.NEVER
})
const set = z
  .array(z.string())
  .nullish()
  .transform((items) => [...new Set(items ?? [])])
const spec = z.record(z.string(), z.union([z.string(), z.array(z.string())]))
const uuid = z.string().refine(isUuid, 'should be a UUID')

const SERVED_TRIGGER = 'is not served yet: this server has triggers of the type "event" with the posture "Reactive"'

const eventTrigger = z.looseObject({
  type: z.literal('event', `${SERVED_TRIGGER}`).default('event'),
  id: uuid.nullish(),
  match: spec.nullish().transform((value) => value ?? {}),
  match_related: z
    .union([spec, z.array(spec)])
    .nullish()
    .transform((value) => {
      const list = Array.isArray(value) ? value : [value ?? {}]
      return list.filter((one) => Object.keys(one).length > 0)
    }),
  after: set,
  expect: set,
  for_each: set,
  posture: z.literal('Reactive', `${SERVED_TRIGGER}`).default('Reactive'),
  threshold: z.int('should be a whole number').min(1, 'should be at least 1').default(1),
  within: seconds.optional().default(0),
})

const runDeployment = z.looseObject({
  type: z.literal('run-deployment'),
  source: z.enum(['selected', 'inferred']).default('selected'),
  deployment_id: uuid.nullish().transform((value) => value ?? null),
  parameters: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((value) => (value ?? null) as JsonObject | null),
  job_variables: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((value) => (value ?? null) as JsonObject | null),
  schedule_after: seconds.optional().default(0),
})
const doNothing = z.looseObject({ type: z.literal('do-nothing') })

const automation = z.strictObject({
  name: z.string().min(1, 'should not be empty'),
  description: z
    .string()
    .nullish()
    .transform((value) => value ?? ''),
  enabled: z.boolean().default(true),
  tags: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  trigger: z.unknown(),
  actions: z.array(z.unknown()),
  actions_on_trigger: z
    .array(z.unknown())
    .nullish()
    .transform((value) => value ?? []),
  actions_on_resolve: z
    .array(z.unknown())
    .nullish()
    .transform((value) => value ?? []),
  owner_resource: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
})

/** The faults of a zod error, with a suggestion for each unknown field. */
function faultsOf(error: z.ZodError, place: Fault['loc'], known: readonly string[], given: unknown): Fault[] {
  return error.issues.flatMap((issue) => {
    const loc = [...place, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField([...loc, key], key, known))
    const key = issue.path[0]
    const missing = issue.path.length === 1 && isObject(given) && !Object.hasOwn(given, String(key))
    return [
      missing
        ? { loc, msg: 'is required and missing', type: 'missing' }
        : { loc, msg: issue.message, type: issue.code ?? 'invalid' },
    ]
  })
}

function unknownField(loc: Fault['loc'], key: string, known: readonly string[]): Fault {
  const suggestion = nearest(key, known)
  const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`
  return {
    loc,
    msg: `is no field of an automation${hint}`,
    type: 'unknown_field',
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

/** One sentence for each field that is passed over. */
function warningsOf(given: unknown, known: object, what: string): string[] {
  if (!isObject(given)) return []
  return Object.keys(given)
    .filter((key) => !Object.hasOwn(known, key))
    .map((key) => {
      const suggestion = nearest(key, Object.keys(known))
      return `the ${what} has a field "${key}" that is not known here${suggestion ? ` (did you mean "${suggestion}"?)` : ''}; it is passed over`
    })
}

/** Reads a trigger; a text is the name of an event, or a prefix such as `chat.*`. `makeId` gives it an id where it has none. */
export function parseTrigger(json: unknown, makeId: () => string, place: Fault['loc'] = []): ParsedTrigger {
  const given = typeof json === 'string' ? { expect: [json] } : json
  const read = eventTrigger.safeParse(given)
  if (!read.success) return { ok: false, faults: faultsOf(read.error, place, Object.keys(eventTrigger.shape), given) }
  const { type, id, match, match_related, after, expect, for_each, posture, threshold, within } = read.data
  const trigger = { type, id: id ?? makeId(), match, match_related, after, expect, for_each, posture, threshold, within }
  return { ok: true, trigger, warnings: warningsOf(given, eventTrigger.shape, 'trigger') }
}

type ParsedAction = Parsed<{ readonly action: Action }> | Refused

function parseAction(json: unknown, place: Fault['loc']): ParsedAction {
  const type = isObject(json) ? json.type : undefined
  if (type === 'do-nothing') return { ok: true, action: { type }, warnings: warningsOf(json, doNothing.shape, 'action') }
  if (type !== 'run-deployment') {
    const msg = `is ${JSON.stringify(type) ?? 'missing'}; this server has the actions "run-deployment" and "do-nothing"`
    return { ok: false, faults: [{ loc: [...place, 'type'], msg, type: 'not_served' }] }
  }
  const read = runDeployment.safeParse(json)
  if (!read.success) return { ok: false, faults: faultsOf(read.error, place, Object.keys(runDeployment.shape), json) }
  const { source, deployment_id, parameters, job_variables, schedule_after } = read.data
  const faults: Fault[] = []
  if (source === 'selected' && deployment_id === null) {
    faults.push({
      loc: [...place, 'deployment_id'],
      msg: 'is required and missing where the source is "selected"',
      type: 'missing',
    })
  }
  const templates = parameters === null ? null : compileTemplates(parameters as Json)
  if (templates && !templates.ok) {
    faults.push(...templates.faults.map((fault) => ({ ...fault, loc: [...place, 'parameters', ...fault.loc] })))
  }
  if (faults.length > 0) return { ok: false, faults }
  const action = { type, source, deployment_id, parameters, job_variables, schedule_after } as const
  return { ok: true, action, warnings: warningsOf(json, runDeployment.shape, 'action') }
}

/** Reads an automation, and tells every fault at once. */
export function parseAutomationInput(json: unknown, makeId: () => string): ParsedAutomation {
  const read = automation.safeParse(json)
  const faults = read.success ? [] : faultsOf(read.error, [], Object.keys(automation.shape), json)
  const given = isObject(json) ? json : {}
  const trigger = given.trigger === undefined ? null : parseTrigger(given.trigger, makeId, ['trigger'])
  if (trigger === null && read.success) faults.push({ loc: ['trigger'], msg: 'is required and missing', type: 'missing' })
  const lists = (['actions', 'actions_on_trigger', 'actions_on_resolve'] as const).map((field) => {
    const items = Array.isArray(given[field]) ? given[field] : []
    return items.map((item: unknown, index) => parseAction(item, [field, index]))
  })
  const all = [...(trigger ? [trigger] : []), ...lists.flat()]
  for (const one of all) if (!one.ok) faults.push(...one.faults)
  if (!read.success || !trigger?.ok || faults.length > 0) return { ok: false, faults }
  const [actions = [], actionsOnTrigger = [], actionsOnResolve = []] = lists.map((list) =>
    list.flatMap((one) => (one.ok ? [one.action] : [])),
  )
  const { name, description, enabled, tags, owner_resource: ownerResource } = read.data
  const made = {
    name,
    description,
    enabled,
    tags,
    trigger: trigger.trigger,
    actions,
    actionsOnTrigger,
    actionsOnResolve,
    ownerResource,
  }
  return { ok: true, automation: made, warnings: all.flatMap((one) => (one.ok ? one.warnings : [])) }
}
