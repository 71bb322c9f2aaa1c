/** Bodies of the routes that change something. Strict where Prefect forbids unknown fields, and on all routes of ours. */
import * as z from 'zod'
import { labels, moment, names, object, stateCreate, uuid } from './common.ts'

/** Labels of something that took part in an event; `prefect.resource.id` names it. */
const resource = z
  .record(z.string(), z.string())
  .refine((value) => Boolean(value['prefect.resource.id']), { error: 'needs the label prefect.resource.id' })

/** Prefect's Event. `POST /events` checks it by hand (check-events.ts). */
export const event = z.looseObject({
  id: uuid,
  occurred: moment,
  event: z.string().min(1).max(1024),
  resource,
  related: z.array(resource).max(100).optional(),
  payload: object.optional(),
  follows: uuid.nullish(),
})
export const events = z.union([event, z.array(event)])

export const flowCreate = z.strictObject({ name: z.string().min(1), tags: names.optional(), labels: labels.nullish() })

export const setState = z.looseObject({ state: stateCreate, force: z.boolean().optional() })

const trigger = z.looseObject({ type: z.string().optional() })
const action = z.looseObject({ type: z.string() })

const automationFields = {
  name: z.string().min(1),
  description: z.string().optional(),
  enabled: z.boolean().optional(),
  tags: names.optional(),
  trigger,
  actions: z.array(action),
  actions_on_trigger: z.array(action).optional(),
  actions_on_resolve: z.array(action).optional(),
}
export const automationCreate = z.strictObject({ ...automationFields, owner_resource: z.string().nullish() })
export const automationUpdate = z.strictObject(automationFields)
export const automationPatch = z.strictObject({ enabled: z.boolean().optional() })

// Ours

/** For a test the event needs neither an id nor a moment. */
export const automationTest = z.strictObject({
  event: event.partial({ id: true, occurred: true }),
  automation_id: uuid.optional(),
})

/** Without `older_than_ms` what the server is set to. */
export const prune = z.strictObject({ older_than_ms: z.int().min(0).optional(), dry_run: z.boolean().optional() })

/** A name that can stand in a path as it is. */
export const HOOK_NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i
export const hookCreate = z.strictObject({
  name: z.string().regex(HOOK_NAME, 'may have letters, digits, ".", "_" and "-", up to 100 of them'),
  event: z.string().min(1).max(1024).optional(),
  signed: z.boolean().optional(),
})
