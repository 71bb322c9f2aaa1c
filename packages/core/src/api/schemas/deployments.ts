/** Bodies of the routes of deployments and their schedules. */
import * as z from 'zod'
import { parseSeconds } from '../../time.ts'
import { labels, moment, names, notYet, object, PAGE_MAX, stateCreate, uuid } from './common.ts'
import { flowRunPolicy } from './runs.ts'

const seconds = z
  .union([z.number(), z.string()])
  .refine((value) => (parseSeconds(value) ?? 0) > 0, { error: 'is no length of time above 0', params: { type: 'duration' } })
const zone = z.string().nullish()

/** Prefect's three kinds of schedule. */
const schedule = z.union([
  z.strictObject({ interval: seconds, anchor_date: moment.optional(), timezone: zone }),
  z.strictObject({ cron: z.string().min(1), timezone: zone, day_or: z.boolean().optional() }),
  z.strictObject({ rrule: z.string().min(1), timezone: zone }),
])

/** A schedule that is stored and never runs would be worse than none. */
const NOT_RUN = {
  path: ['active'],
  error: 'active schedules are not run here yet; leave the schedule out, or make it inactive (active: false)',
  params: { type: 'not_implemented' },
}

const scheduleFields = {
  active: z.boolean().nullish(),
  max_scheduled_runs: z.int().min(1).nullish(),
  parameters: object.optional(),
  slug: z.string().nullish(),
  replaces: z.string().nullish(),
}
const scheduleCreate = z.strictObject({ schedule, ...scheduleFields }).refine(({ active }) => active === false, NOT_RUN)
export const scheduleCreates = z.array(scheduleCreate)
export const scheduleUpdate = z
  .strictObject({ ...scheduleFields, schedule: schedule.nullish() })
  .refine(({ active }) => active !== true, NOT_RUN)

/** What work pools, blocks and limits act on: asked for, it is refused; sent empty, as clients do, it passes. */
const ofPools = {
  concurrency_limit: notYet,
  concurrency_options: notYet,
  global_concurrency_limit_id: notYet,
  infrastructure_document_id: notYet,
  job_variables: notYet,
  storage_document_id: notYet,
  work_pool_name: notYet,
  work_queue_name: notYet,
}

const fields = {
  ...ofPools,
  paused: z.boolean().optional(),
  enforce_parameter_schema: z.boolean().optional(),
  parameter_openapi_schema: object.nullish(),
  tags: names.optional(),
  pull_steps: z.array(object).nullish(),
  description: z.string().nullish(),
  path: z.string().nullish(),
  version: z.string().nullish(),
  entrypoint: z.string().nullish(),
  version_info: z.looseObject({ type: z.string(), version: z.string() }).nullish(),
}

/** Prefect's DeploymentCreate. */
export const deploymentCreate = z.strictObject({
  ...fields,
  name: z.string().min(1),
  flow_id: uuid,
  labels: labels.nullish(),
  parameters: object.optional(),
  schedules: scheduleCreates.optional(),
})

/** Prefect's DeploymentUpdate: what is left out stays as it is. */
export const deploymentUpdate = z.strictObject({
  ...fields,
  enforce_parameter_schema: z.boolean().nullish(),
  parameters: object.nullish(),
  // One that is new is active unless it says otherwise.
  schedules: z.array(scheduleUpdate.refine((one) => !one.schedule || one.active === false, NOT_RUN)).optional(),
})

/** Prefect's DeploymentFlowRunCreate. */
export const createFlowRun = z.strictObject({
  name: z.string().nullish(),
  state: stateCreate.nullish(),
  parameters: object.optional(),
  enforce_parameter_schema: z.boolean().nullish(),
  context: object.optional(),
  empirical_policy: flowRunPolicy.optional(),
  tags: names.optional(),
  idempotency_key: z.string().nullish(),
  labels: labels.nullish(),
  parent_task_run_id: uuid.nullish(),
  infrastructure_document_id: notYet,
  work_queue_name: notYet,
  job_variables: notYet,
})

/** A runner asks for runs of its deployments. */
export const scheduledRuns = z.looseObject({
  deployment_ids: z.array(uuid),
  scheduled_before: moment.optional(),
  limit: z.int().min(0).max(PAGE_MAX).optional(),
})
