/** Prefect's filter of events, as lists, counts and subscriptions take it, and what subscribers send. */
import * as z from 'zod'
import { moment, names, notYet, uuid } from './common.ts'
import { logFilter } from './filters.ts'

const texts = names.nullish()
const labels = z.record(z.string(), z.union([z.string(), names])).nullish()

const resourceCriteria = { id: texts, id_prefix: texts, labels }
const relatedFilter = z.strictObject({
  id: texts,
  role: texts,
  resources_in_roles: z.array(z.tuple([z.string(), z.string()])).nullish(),
  labels,
})
const anyResourceFilter = z.strictObject(resourceCriteria)

/** A search is text that somebody types. */
const QUERY_CHARS_MAX = 200

export const eventFilter = z.strictObject({
  occurred: z.strictObject({ since: moment.optional(), until: moment.optional() }).optional(),
  event: z.strictObject({ prefix: texts, exclude_prefix: texts, name: texts, exclude_name: texts }).nullish(),
  resource: z.strictObject({ ...resourceCriteria, distinct: notYet }).nullish(),
  related: z.union([relatedFilter, z.array(relatedFilter)]).nullish(),
  any_resource: z.union([anyResourceFilter, z.array(anyResourceFilter)]).nullish(),
  id: z.strictObject({ id: z.array(uuid).nullish() }).optional(),
  text: z.strictObject({ query: z.string().max(QUERY_CHARS_MAX) }).nullish(),
  order: z.enum(['ASC', 'DESC']).optional(),
})

/** Prefect's pages of events: at most 50 at once. */
export const EVENT_PAGE_MAX = 50
export const eventsFilter = z.looseObject({
  filter: eventFilter.nullish(),
  limit: z.int().min(0).max(EVENT_PAGE_MAX).optional(),
})

export const TIME_UNITS = ['week', 'day', 'hour', 'minute', 'second'] as const
export const eventsCount = z.looseObject({
  filter: eventFilter,
  time_unit: z.enum(TIME_UNITS).optional(),
  time_interval: z.number().min(0.01).optional(),
})

/** The second message of a subscriber, after its greeting. */
export const subscription = z.looseObject({
  type: z.literal('filter'),
  filter: eventFilter,
  backfill: z.boolean().optional(),
})
/** The same, of a subscriber of log lines. */
export const logSubscription = z.looseObject({ type: z.literal('filter'), filter: logFilter })
export type BodyOfLogSubscription = z.output<typeof logSubscription>
export type BodyOfSubscription = z.output<typeof subscription>
