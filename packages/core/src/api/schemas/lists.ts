/** Bodies of the routes that list, count and page. A null is as good as nothing, as in Prefect. */
import * as z from 'zod'
import { moment, notYet, page } from './common.ts'
import * as filters from './filters.ts'

/** What each kind of thing can be narrowed by: filters of all kinds at once. */
const criteria = {
  flows: filters.flowFilter.nullish(),
  flow_runs: filters.flowRunFilter.nullish(),
  task_runs: filters.taskRunFilter.nullish(),
  deployments: filters.deploymentFilter.nullish(),
}
const pools = { work_pools: notYet }
const queues = { ...pools, work_pool_queues: notYet }

const { limit, offset } = page
const paged = { limit, page: z.int().min(1).nullish() }
const RUN_SORTS = [
  'ID_DESC',
  'EXPECTED_START_TIME_ASC',
  'EXPECTED_START_TIME_DESC',
  'NAME_ASC',
  'NAME_DESC',
  'NEXT_SCHEDULED_START_TIME_ASC',
  'END_TIME_DESC',
] as const
const runSort = z.enum([...RUN_SORTS, 'START_TIME_ASC', 'START_TIME_DESC']).nullish()
const taskRunSort = z.enum(RUN_SORTS).nullish()
const nameSort = z.enum(['CREATED_DESC', 'UPDATED_DESC', 'NAME_ASC', 'NAME_DESC']).nullish()

export const flowRunsCount = z.looseObject({ ...criteria, ...queues })
export const flowRunsFilter = z.looseObject({ ...criteria, ...queues, sort: runSort, limit, offset })
export const flowRunsPaginate = z.looseObject({ ...criteria, ...queues, sort: runSort, ...paged })

const history = {
  history_start: moment,
  history_end: moment,
  history_interval_seconds: z.number().min(1),
}
export const flowRunsHistory = z.looseObject({ ...criteria, ...pools, work_queues: notYet, ...history })
export const taskRunsHistory = z.looseObject({ ...criteria, ...history })

export const taskRunsCount = z.looseObject(criteria)
export const taskRunsFilter = z.looseObject({ ...criteria, sort: taskRunSort, limit, offset })
export const taskRunsPaginate = z.looseObject({ ...criteria, sort: taskRunSort, ...paged })

export const flowsCount = z.looseObject({ ...criteria, ...pools })
export const flowsFilter = z.looseObject({ ...criteria, ...pools, sort: nameSort, limit, offset })
export const flowsPaginate = z.looseObject({ ...criteria, ...pools, sort: nameSort, ...paged })

export const deploymentsCount = z.looseObject({ ...criteria, ...queues })
export const deploymentsFilter = z.looseObject({ ...criteria, ...queues, sort: nameSort, limit, offset })
export const deploymentsPaginate = z.looseObject({ ...criteria, ...queues, sort: nameSort, ...paged })

export const logsFilter = z.looseObject({
  logs: filters.logFilter.nullish(),
  sort: z.enum(['TIMESTAMP_ASC', 'TIMESTAMP_DESC']).nullish(),
  limit,
  offset,
})

export const automationsCount = z.looseObject({ automations: filters.automationFilter.nullish() })
export const automationsFilter = z.looseObject({
  automations: filters.automationFilter.nullish(),
  sort: nameSort,
  limit,
  offset,
})

export const variablesCount = z.looseObject({ variables: filters.variableFilter.nullish() })
export const variablesFilter = z.looseObject({ variables: filters.variableFilter.nullish(), sort: nameSort, limit, offset })
