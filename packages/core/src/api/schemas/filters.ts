/** Prefect's filters, one per kind of thing: each with every operator of its own. */
import * as z from 'zod'
import { moment, names, stateType, uuid } from './common.ts'

const operator = z.enum(['and_', 'or_']).optional()
const uuids = z.array(uuid).nullish()
const texts = names.nullish()
const flag = z.boolean().nullish()
const int = z.int().nullish()
const before_ = moment.nullish()
const after_ = moment.nullish()
/** The words of a search: see `text-search.ts` in the store. */
const text = z.strictObject({ query: z.string().max(200) }).nullish()

const idOf = z.strictObject({ any_: uuids }).nullish()
const idOrNot = z.strictObject({ any_: uuids, not_any_: uuids }).nullish()
const name = z.strictObject({ any_: texts, like_: z.string().nullish() }).nullish()
const tags = z.strictObject({ operator, all_: texts, is_null_: flag }).nullish()
const tagsAny = z.strictObject({ operator, all_: texts, any_: texts, is_null_: flag }).nullish()
const between = z.strictObject({ before_, after_ }).nullish()
const betweenOrNull = z.strictObject({ before_, after_, is_null_: flag }).nullish()
const idOrNull = z.strictObject({ operator, any_: uuids, is_null_: flag }).nullish()
const textOrNot = z.strictObject({ any_: texts, not_any_: texts }).nullish()

export const flowRunFilter = z.strictObject({
  operator,
  // suffix_ is ours: people name a run by the end of its id.
  id: z.strictObject({ any_: uuids, not_any_: uuids, suffix_: z.string().nullish() }).nullish(),
  name,
  tags: tagsAny,
  deployment_id: idOrNull,
  work_queue_name: z.strictObject({ operator, any_: texts, is_null_: flag }).nullish(),
  state: z
    .strictObject({
      operator,
      type: z.strictObject({ any_: z.array(stateType).nullish(), not_any_: z.array(stateType).nullish() }).nullish(),
      name: textOrNot,
    })
    .nullish(),
  flow_version: z.strictObject({ any_: texts }).nullish(),
  start_time: betweenOrNull,
  end_time: betweenOrNull,
  expected_start_time: between,
  next_scheduled_start_time: between,
  parent_flow_run_id: z.strictObject({ operator, any_: uuids }).nullish(),
  parent_task_run_id: idOrNull,
  idempotency_key: textOrNot,
  created_by: z.strictObject({ operator, id_: uuids, type_: texts, is_null_: flag }).nullish(),
})

export const taskRunFilter = z.strictObject({
  operator,
  id: idOf,
  name,
  tags,
  state: z
    .strictObject({
      operator,
      type: z.strictObject({ any_: z.array(stateType).nullish() }).nullish(),
      name: z.strictObject({ any_: texts }).nullish(),
    })
    .nullish(),
  start_time: betweenOrNull,
  end_time: betweenOrNull,
  expected_start_time: between,
  subflow_runs: z.strictObject({ exists_: flag }).nullish(),
  flow_run_id: idOrNull,
})

export const flowFilter = z.strictObject({
  operator,
  id: idOrNot,
  name,
  deployment: z.strictObject({ operator, is_null_: flag }).nullish(),
  tags,
})

export const deploymentFilter = z.strictObject({
  operator,
  id: idOrNot,
  name,
  flow_or_deployment_name: z.strictObject({ like_: z.string().nullish() }).nullish(),
  paused: z.strictObject({ eq_: flag }).nullish(),
  tags: tagsAny,
  work_queue_name: z.strictObject({ any_: texts }).nullish(),
  // Narrows nothing, as in Prefect.
  concurrency_limit: z.strictObject({ ge_: int, le_: int, is_null_: flag }).nullish(),
})

export const logFilter = z.strictObject({
  operator,
  level: z.strictObject({ ge_: int, le_: int }).nullish(),
  timestamp: between,
  flow_run_id: idOf,
  task_run_id: z.strictObject({ any_: uuids, is_null_: flag }).nullish(),
  text,
})

export const automationFilter = z.strictObject({
  operator,
  id: idOf,
  // like_ is ours.
  name,
  created: z.strictObject({ before_ }).nullish(),
  tags: tagsAny,
})

export const variableFilter = z.strictObject({ operator, id: idOf, name, tags })

export type FlowRunFilter = z.output<typeof flowRunFilter>
export type TaskRunFilter = z.output<typeof taskRunFilter>
export type FlowFilter = z.output<typeof flowFilter>
export type DeploymentFilter = z.output<typeof deploymentFilter>
export type LogFilter = z.output<typeof logFilter>
export type AutomationFilter = z.output<typeof automationFilter>
export type VariableFilter = z.output<typeof variableFilter>
