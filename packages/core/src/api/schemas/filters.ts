/** Bodies of the listing routes: Prefect's filters. Operators that are not served are refused, never passed over. */
import * as z from 'zod'
import { names, notYet, operator, page, stateType, uuid } from './common.ts'

const uuids = z.array(uuid).nullish()
const texts = names.nullish()

/** A sort that is not served yet is said rather than passed over. */
const sort = <const Served extends string, const Later extends string>(served: readonly Served[], later: readonly Later[]) =>
  z
    .enum([...served, ...later] as [Served | Later, ...(Served | Later)[]])
    .refine((value) => (served as readonly string[]).includes(value), {
      error: `only ${served.join(', ')} is served here yet`,
      params: { type: 'not_implemented' },
    })
    .optional()

const nameLike = z.strictObject({ any_: texts, like_: z.string().nullish() }).nullish()

export const flowRunFilter = z.strictObject({
  operator,
  // suffix_ is ours: people name a run by the end of its id.
  id: z.strictObject({ any_: uuids, not_any_: notYet, suffix_: z.string().nullish() }).nullish(),
  name: nameLike,
  tags: z.strictObject({ operator, all_: texts, any_: notYet, is_null_: notYet }).nullish(),
  deployment_id: z.strictObject({ operator, any_: uuids, is_null_: notYet }).nullish(),
  state: z
    .strictObject({
      operator,
      type: z.strictObject({ any_: z.array(stateType).nullish(), not_any_: notYet }).nullish(),
      name: z.strictObject({ any_: texts, not_any_: notYet }).nullish(),
    })
    .nullish(),
  work_queue_name: notYet,
  flow_version: notYet,
  start_time: notYet,
  end_time: notYet,
  expected_start_time: notYet,
  next_scheduled_start_time: notYet,
  parent_flow_run_id: notYet,
  parent_task_run_id: notYet,
  idempotency_key: notYet,
  created_by: notYet,
})

/** Flows as a part of the filter of runs or deployments: by name. */
const flowsByName = z.strictObject({
  operator,
  name: z.strictObject({ any_: texts, like_: notYet }).nullish(),
  id: notYet,
  deployment: notYet,
  tags: notYet,
})

export const flowFilter = z.strictObject({
  operator,
  id: z.strictObject({ any_: uuids, not_any_: notYet }).nullish(),
  name: nameLike,
  deployment: notYet,
  tags: notYet,
})

export const deploymentFilter = z.strictObject({
  operator,
  id: z.strictObject({ any_: uuids, not_any_: notYet }).nullish(),
  name: nameLike,
  flow_or_deployment_name: notYet,
  paused: notYet,
  tags: notYet,
  work_queue_name: notYet,
  concurrency_limit: notYet,
})

const others = { task_runs: notYet, work_pools: notYet, work_pool_queues: notYet }

const runSorts = [
  'ID_DESC',
  'START_TIME_ASC',
  'START_TIME_DESC',
  'EXPECTED_START_TIME_ASC',
  'EXPECTED_START_TIME_DESC',
  'NAME_ASC',
  'NAME_DESC',
  'NEXT_SCHEDULED_START_TIME_ASC',
  'END_TIME_DESC',
] as const

const runCriteria = { flow_runs: flowRunFilter.nullish(), flows: flowsByName.nullish(), deployments: notYet, ...others }
export const flowRunsCount = z.looseObject(runCriteria)
export const flowRunsFilter = z.looseObject({ ...runCriteria, sort: z.enum(runSorts).optional(), ...page })

const NAME_SORTS_LATER = ['CREATED_DESC', 'UPDATED_DESC', 'NAME_DESC'] as const

export const flowsFilter = z.looseObject({
  flows: flowFilter.nullish(),
  flow_runs: notYet,
  deployments: notYet,
  task_runs: notYet,
  work_pools: notYet,
  sort: sort(['NAME_ASC'], NAME_SORTS_LATER),
  ...page,
})

export const deploymentsFilter = z.looseObject({
  deployments: deploymentFilter.nullish(),
  flows: flowsByName.nullish(),
  flow_runs: notYet,
  ...others,
  sort: sort(['NAME_ASC'], NAME_SORTS_LATER),
  ...page,
})

export const taskRunsFilter = z.looseObject({
  task_runs: z
    .strictObject({
      operator,
      id: z.strictObject({ any_: uuids }).nullish(),
      flow_run_id: z.strictObject({ operator, any_: uuids, is_null_: notYet }).nullish(),
      name: notYet,
      tags: notYet,
      state: notYet,
      start_time: notYet,
      end_time: notYet,
      expected_start_time: notYet,
      subflow_runs: notYet,
    })
    .nullish(),
  flow_runs: z
    .strictObject({ ...flowRunFilter.shape, name: notYet, tags: notYet, deployment_id: notYet, state: notYet })
    .nullish(),
  flows: notYet,
  deployments: notYet,
  sort: sort(
    ['ID_DESC'],
    [
      'EXPECTED_START_TIME_ASC',
      'EXPECTED_START_TIME_DESC',
      'NAME_ASC',
      'NAME_DESC',
      'NEXT_SCHEDULED_START_TIME_ASC',
      'END_TIME_DESC',
    ],
  ),
  ...page,
})

export const logsFilter = z.looseObject({
  logs: z
    .strictObject({
      operator,
      level: z.strictObject({ ge_: z.int().nullish(), le_: z.int().nullish() }).nullish(),
      flow_run_id: z.strictObject({ any_: uuids }).nullish(),
      task_run_id: z.strictObject({ any_: uuids, is_null_: notYet }).nullish(),
      timestamp: notYet,
      text: notYet,
    })
    .nullish(),
  sort: z.enum(['TIMESTAMP_ASC', 'TIMESTAMP_DESC']).optional(),
  ...page,
})

export const automationsFilter = z.looseObject({
  automations: z
    .strictObject({
      operator,
      id: z.strictObject({ any_: uuids }).nullish(),
      // like_ is ours.
      name: nameLike,
      created: notYet,
      tags: notYet,
    })
    .nullish(),
  sort: sort(['NAME_ASC'], NAME_SORTS_LATER),
  ...page,
})
