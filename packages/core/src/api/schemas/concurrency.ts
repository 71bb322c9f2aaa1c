/** Bodies of the routes that take and give back slots of concurrency limits. */
import * as z from 'zod'
import { names, uuid } from './common.ts'

const slots = z.int().min(1)
const mode = z.enum(['concurrency', 'rate_limit']).optional()
const LEASE_SECONDS_MIN = 60
const LEASE_SECONDS_MAX = 86_400
const leaseDuration = z.number().min(LEASE_SECONDS_MIN).max(LEASE_SECONDS_MAX).optional()
const holder = z.looseObject({ type: z.enum(['flow_run', 'task_run', 'deployment']), id: uuid }).nullish()

export const increment = z.looseObject({ slots, names, mode, create_if_missing: z.boolean().nullish() })
export const incrementWithLease = z.looseObject({ slots, names, mode, lease_duration: leaseDuration, holder })
export const decrement = z.looseObject({
  slots,
  names,
  occupancy_seconds: z.number().nullish(),
  create_if_missing: z.boolean().nullish(),
})
export const decrementWithLease = z.looseObject({ lease_id: uuid })
export const renewLease = z.looseObject({ lease_duration: leaseDuration })
