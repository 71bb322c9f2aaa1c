/** Bodies of the routes that write flow runs and task runs: Prefect's, which forbids unknown fields in most of them. */
import * as z from 'zod'
import { labels, moment, names, notYet, object, stateCreate, uuid } from './common.ts'

const retryCounts = { max_retries: z.int().optional(), retry_delay_seconds: z.number().optional(), retries: z.int().nullish() }

/** Prefect's FlowRunPolicy. */
export const flowRunPolicy = z.looseObject({
  ...retryCounts,
  retry_delay: z.number().nullish(),
  pause_keys: names.nullish(),
  resuming: z.boolean().nullish(),
  retry_type: z.enum(['in_process', 'reschedule']).nullish(),
})

/** Prefect's TaskRunPolicy. */
const taskRunPolicy = z.looseObject({
  ...retryCounts,
  retry_delay: z.union([z.number(), z.array(z.number())]).nullish(),
  retry_jitter_factor: z.number().nullish(),
})

/** Prefect's FlowRunCreate. */
export const flowRunCreate = z.strictObject({
  name: z.string().nullish(),
  flow_id: uuid,
  state: stateCreate.nullish(),
  flow_version: z.string().nullish(),
  parameters: object.optional(),
  context: object.optional(),
  parent_task_run_id: uuid.nullish(),
  infrastructure_document_id: uuid.nullish(),
  empirical_policy: flowRunPolicy.optional(),
  tags: names.optional(),
  labels: labels.nullish(),
  idempotency_key: z.string().nullish(),
  work_pool_name: notYet,
  work_queue_name: notYet,
  job_variables: object.nullish(),
  deployment_id: uuid.nullish(),
})

/** Prefect's FlowRunUpdate: what is left out stays. */
export const flowRunUpdate = z.strictObject({
  name: z.string().nullish(),
  flow_version: z.string().nullish(),
  parameters: object.optional(),
  empirical_policy: flowRunPolicy.optional(),
  tags: names.optional(),
  infrastructure_pid: z.string().nullish(),
  job_variables: object.nullish(),
})

export const flowRunLabels = labels

export const resume = z.looseObject({ run_input: object.nullish() })

export const runInput = z.looseObject({ key: z.string().min(1), value: z.string(), sender: z.string().nullish() })
export const runInputsFilter = z.looseObject({
  prefix: z.string(),
  limit: z.int().min(0).optional(),
  exclude_keys: names.optional(),
})

/** Prefect's TaskRunCreate. */
export const taskRunCreate = z.strictObject({
  id: uuid.nullish(),
  state: stateCreate.nullish(),
  name: z.string().nullish(),
  flow_run_id: uuid.nullish(),
  task_key: z.string(),
  dynamic_key: z.string(),
  cache_key: z.string().max(2000).nullish(),
  cache_expiration: moment.nullish(),
  task_version: z.string().nullish(),
  empirical_policy: taskRunPolicy.optional(),
  tags: names.optional(),
  labels: labels.nullish(),
  task_inputs: z.record(z.string(), z.array(object)).optional(),
})

export const taskRunUpdate = z.strictObject({ name: z.string().nullish() })
