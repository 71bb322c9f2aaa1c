/**
 * Automations as they come in: Prefect's JSON, checked and with its defaults filled in. Unknown fields of triggers
 * and actions pass with a warning, as Prefect lets them; those of the automation itself are faults.
 */
import { z } from 'zod'
import type { Fault } from '../errors.ts'
import { isUuid } from '../ids.ts'
import { isObject, type JsonObject } from '../json.ts'
import { compileTemplates } from '../templates/compile-templates.ts'
import { parseSeconds } from '../time.ts'
import { faultsOf, warningsOf, wordFault } from './schema-faults.ts'
import { loopWarnings, triggerWarnings } from './trigger-warnings.ts'
import type { Action, Automation, EventTrigger, ResourceSpec, RunDeploymentAction } from './types.ts'

type Parsed<T> = { readonly ok: true; readonly warnings: readonly string[] } & T
type Refused = { readonly ok: false; readonly faults: readonly Fault[] }
export type ParsedTrigger = Parsed<{ readonly trigger: EventTrigger }> | Refused
export type AutomationInput = Omit<Automation, 'id' | 'createdAt' | 'updatedAt'>
export type ParsedAutomation = Parsed<{ readonly automation: AutomationInput }> | Refused
type ParsedAction = Parsed<{ readonly action: Action }> | Refused

const seconds = z.unknown().transform((value, context) => {
  const read = parseSeconds(value)
  if (read !== undefined) return read
  const given = JSON.stringify(value) ?? 'missing'
  const message = `should be a length of time, a number of seconds or ISO-8601 such as PT10S, and is ${given}`
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

/** One of the served words. */
const word = (served: readonly [string, ...string[]], later: readonly string[]) =>
  z.unknown().superRefine((given, context) => {
    if (!served.includes(given as string)) context.addIssue({ code: 'custom', ...wordFault(given, { served, later }) })
  })

const names = z
  .array(z.string())
  .nullish()
  .transform((items) => [...new Set(items ?? [])])
const texts = z.union([z.string(), z.array(z.string())], 'should be a text or a list of texts')
/** No record of zod's has this key: a label of that name would narrow nothing. */
const NO_LABEL = '__proto__'
const spec = z
  .unknown()
  .refine((given) => !(isObject(given) && Object.hasOwn(given, NO_LABEL)), `cannot have the label ${NO_LABEL}`)
  .pipe(z.record(z.string(), texts))
const uuid = z.string().refine(isUuid, 'should be a UUID')
const json = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => (value ?? null) as JsonObject | null)
const count = z.int('should be a whole number').min(1, 'should be at least 1')

/** One spec, or a list of them, as a list without those that say nothing. */
const specs = z.unknown().transform((value, context): ResourceSpec[] => {
  const read = z.array(spec).safeParse(Array.isArray(value) ? value : [value ?? {}])
  if (read.success) return read.data.filter((one) => Object.keys(one).length > 0)
  const checked = { place: [], given: Array.isArray(value) ? value : [value], what: 'a spec', known: [] }
  for (const { loc, msg, type } of faultsOf(read.error, checked)) {
    const path = Array.isArray(value) ? [...loc] : loc.slice(1)
    context.addIssue({ code: 'custom', message: msg, path, params: { type } })
  }
  return z.NEVER
})

const eventTrigger = z.looseObject({
  type: word(['event'], ['compound', 'sequence', 'metric']).default('event'),
  id: uuid.nullish(),
  match: spec.nullish().transform((value) => value ?? {}),
  match_related: specs.default([]),
  after: names,
  expect: names,
  for_each: names,
  posture: word(['Reactive'], ['Proactive']).default('Reactive'),
  threshold: count.default(1),
  within: seconds.optional().default(0),
})

const runDeployment = z.looseObject({
  type: z.literal('run-deployment'),
  source: z.enum(['selected', 'inferred'], 'should be "selected" or "inferred"').default('selected'),
  deployment_id: uuid.nullish().transform((value) => value ?? null),
  parameters: json,
  job_variables: json,
  schedule_after: seconds.optional().default(0),
})

const actions = z
  .array(z.unknown())
  .nullish()
  .transform((value) => value ?? [])

const automation = z.strictObject({
  name: z.string().min(1, 'should not be empty'),
  description: z
    .string()
    .nullish()
    .transform((value) => value ?? ''),
  enabled: z.boolean().default(true),
  tags: names,
  trigger: z.unknown(),
  actions: z.array(z.unknown()),
  actions_on_trigger: actions,
  actions_on_resolve: actions,
  owner_resource: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
})

const ACTIONS = ['run-deployment', 'do-nothing'] as const
/** Prefect's other actions. */
const ACTIONS_LATER = [
  ...['pause-deployment', 'resume-deployment', 'cancel-flow-run', 'suspend-flow-run', 'resume-flow-run', 'delete-flow-run'],
  ...['change-flow-run-state', 'pause-work-queue', 'resume-work-queue', 'pause-work-pool', 'resume-work-pool'],
  ...['pause-automation', 'resume-automation', 'send-notification', 'call-webhook'],
]

/** Reads a trigger; a text is the name of an event, or a prefix such as `chat.*`. `makeId` gives it an id where it has none. */
export function parseTrigger(json: unknown, makeId: () => string, place: Fault['loc'] = []): ParsedTrigger {
  if (json === '') return { ok: false, faults: [{ loc: place, msg: 'should name an event, and is empty', type: 'value' }] }
  const given = typeof json === 'string' ? { expect: [json] } : json
  const checked = { place, given, what: 'the trigger', known: Object.keys(eventTrigger.shape) }
  const read = eventTrigger.safeParse(given)
  if (!read.success) return { ok: false, faults: faultsOf(read.error, checked) }
  const { id, match, match_related, after, expect, for_each, threshold, within } = read.data
  const counted = { match, match_related, after, expect, for_each, threshold, within }
  const trigger: EventTrigger = { type: 'event', id: id ?? makeId(), posture: 'Reactive', ...counted }
  return { ok: true, trigger, warnings: [...warningsOf(checked), ...triggerWarnings(trigger)] }
}

function parseAction(json: unknown, place: Fault['loc']): ParsedAction {
  const type = isObject(json) ? json.type : undefined
  if (type === 'do-nothing') {
    return { ok: true, action: { type }, warnings: warningsOf({ given: json, what: 'the action', known: ['type'] }) }
  }
  if (type === 'run-deployment') return parseRunDeployment(json, place)
  const { message: msg, params } = wordFault(type, { served: ACTIONS, later: ACTIONS_LATER })
  return { ok: false, faults: [{ loc: [...place, 'type'], msg, ...params }] }
}

function parseRunDeployment(given: unknown, place: Fault['loc']): ParsedAction {
  const checked = { place, given, what: 'the action', known: Object.keys(runDeployment.shape) }
  const read = runDeployment.safeParse(given)
  if (!read.success) return { ok: false, faults: faultsOf(read.error, checked) }
  const { type, source, deployment_id, parameters, job_variables, schedule_after } = read.data
  const action = { type, source, deployment_id, parameters, job_variables, schedule_after }
  const faults = [...targetFaults(action, place), ...templateFaults(action, place)]
  return faults.length > 0 ? { ok: false, faults } : { ok: true, action, warnings: warningsOf(checked) }
}

/** "selected" names a deployment, and "inferred" does not. */
function targetFaults({ source, deployment_id }: RunDeploymentAction, place: Fault['loc']): Fault[] {
  const loc = [...place, 'deployment_id']
  if (source === 'selected') {
    return deployment_id === null ? [{ loc, msg: 'is required and missing where the source is "selected"', type: 'missing' }] : []
  }
  return deployment_id === null ? [] : [{ loc, msg: 'is not allowed where the source is "inferred"', type: 'value' }]
}

function templateFaults({ parameters }: RunDeploymentAction, place: Fault['loc']): Fault[] {
  const templates = parameters === null ? null : compileTemplates(parameters)
  if (templates === null || templates.ok) return []
  return templates.faults.map((fault) => ({ ...fault, loc: [...place, 'parameters', ...fault.loc] }))
}

const LISTS = ['actions', 'actions_on_trigger', 'actions_on_resolve'] as const

/** Reads an automation, and tells every fault at once. */
export function parseAutomationInput(json: unknown, makeId: () => string): ParsedAutomation {
  const given = isObject(json) ? json : {}
  const checked = { place: [], given: json, what: 'an automation', known: Object.keys(automation.shape) }
  const read = automation.safeParse(json)
  const faults = read.success ? [] : faultsOf(read.error, checked)
  const trigger = given.trigger === undefined ? undefined : parseTrigger(given.trigger, makeId, ['trigger'])
  if (!trigger && read.success) faults.push({ loc: ['trigger'], msg: 'is required and missing', type: 'missing' })
  const lists = LISTS.map((field) => {
    const items: readonly unknown[] = Array.isArray(given[field]) ? given[field] : []
    return items.map((item, index) => parseAction(item, [field, index]))
  })
  const parts = [...(trigger ? [trigger] : []), ...lists.flat()]
  for (const part of parts) if (!part.ok) faults.push(...part.faults)
  if (!read.success || !trigger?.ok || faults.length > 0) return { ok: false, faults }

  const [actions = [], actionsOnTrigger = [], actionsOnResolve = []] = lists.map((list) =>
    list.flatMap((one) => (one.ok ? [one.action] : [])),
  )
  const { name, description, enabled, tags, owner_resource: ownerResource } = read.data
  const all = { actions, actionsOnTrigger, actionsOnResolve }
  const warnings = [...parts.flatMap((part) => (part.ok ? part.warnings : [])), ...loopWarnings(trigger.trigger, actions)]
  return { ok: true, automation: { name, description, enabled, tags, trigger: trigger.trigger, ...all, ownerResource }, warnings }
}
