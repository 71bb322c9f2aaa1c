/** Pieces that several request schemas share. */
import * as z from 'zod'
import { isUuid } from '../../ids.ts'
import { STATE_TYPES } from '../../states.ts'
import { parseIso } from '../../time.ts'

export const uuid = z.string().refine(isUuid, { error: 'is no UUID', params: { type: 'uuid' } })
export const moment = z
  .string()
  .refine((text) => parseIso(text) !== undefined, { error: 'is no ISO-8601 moment', params: { type: 'datetime' } })
export const object = z.record(z.string(), z.unknown())
export const labels = z.record(z.string(), z.union([z.boolean(), z.number(), z.string()]))
export const names = z.array(z.string())

/** Prefect's pages: at most 200 at once. */
export const PAGE_MAX = 200
export const page = {
  limit: z.int().min(0).max(PAGE_MAX).nullish(),
  offset: z.int().min(0).nullish(),
}

/** Nothing asked for: nulls, empty objects and `operator: and_` around them. */
function asksNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return true
  if (typeof value !== 'object' || Array.isArray(value)) return false
  return Object.entries(value).every(([key, one]) => (key === 'operator' && one === 'and_') || asksNothing(one))
}

/** A part of Prefect's request that is not served yet: empty is fine, anything else is said rather than passed over. */
export const notYet = z
  .unknown()
  .refine(asksNothing, { error: 'is not served here yet', params: { type: 'not_implemented' } })
  .optional()

export const stateType = z.enum(STATE_TYPES)

/** Prefect's StateCreate. */
export const stateCreate = z.strictObject({
  type: stateType,
  name: z.string().nullish(),
  message: z.string().nullish(),
  data: z.unknown().optional(),
  state_details: z.looseObject({ scheduled_time: moment.nullish() }).optional(),
})
