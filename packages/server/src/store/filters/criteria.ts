/**
 * Filters of several kinds of things at once: runs of certain flows, flows with certain runs. What is listed is narrowed
 * by its own filter, and by the existence of others that belong to it; a filter that is there but asks for nothing still
 * asks for existence. Each kind has one alias: `r` flow run, `t` task run, `f` flow, `d` deployment.
 */
import type { DeploymentFilter, FlowFilter, FlowRunFilter, TaskRunFilter } from '@pilotflame/core/contract'
import { sql } from 'kysely'
import { type Condition, combine, given, lower } from './conditions.ts'
import { deploymentCondition, flowCondition, taskRunCondition } from './other-conditions.ts'
import { runCondition } from './run-conditions.ts'

export interface Criteria {
  readonly flows?: FlowFilter | null | undefined
  readonly flow_runs?: FlowRunFilter | null | undefined
  readonly task_runs?: TaskRunFilter | null | undefined
  readonly deployments?: DeploymentFilter | null | undefined
}

const isThere = <T>(filter: T | null | undefined): filter is T => filter !== null && filter !== undefined

const FROM = { r: sql`flow_run r`, t: sql`task_run t`, f: sql`flow f`, d: sql`deployment d` }

const exists = (kind: keyof typeof FROM, belongs: Condition, conditions: readonly Condition[]): Condition =>
  sql<boolean>`exists (select 1 from ${FROM[kind]} where ${combine('and_', [belongs, ...conditions])})`

const withTasks = ({ task_runs }: Criteria): readonly Condition[] =>
  given(task_runs, (filter) => exists('t', sql<boolean>`t.flow_run_id = r.id`, [taskRunCondition(filter)]))

export const flowRunsWhere = (criteria: Criteria): Condition =>
  combine('and_', [
    ...given(criteria.flow_runs, runCondition),
    ...given(criteria.deployments, (filter) => exists('d', sql<boolean>`d.id = r.deployment_id`, [deploymentCondition(filter)])),
    ...given(criteria.flows, ofFlows),
    ...withTasks(criteria),
  ])

/** The few flows first, and their runs by the index; a run always has its flow. */
const ofFlows = (filter: FlowFilter): Condition =>
  sql<boolean>`r.flow_id in (select f.id from flow f where ${flowCondition(filter)})`

/** Its flow run and all that belongs to that one. */
export function taskRunsWhere(criteria: Criteria): Condition {
  const { flow_runs, flows, deployments, task_runs } = criteria
  const own = given(task_runs, taskRunCondition)
  const ids = onlyIds(criteria)
  if (ids) return combine('and_', [...own, sql<boolean>`t.flow_run_id in (select value from json_each(${JSON.stringify(ids)}))`])
  if (!isThere(flow_runs) && !isThere(flows) && !isThere(deployments)) return combine('and_', own)
  const ofRun = flowRunsWhere({ flow_runs, flows, deployments })
  return combine('and_', [...own, exists('r', sql<boolean>`r.id = t.flow_run_id`, [ofRun])])
}

/** Ids of flow runs where nothing else is asked of them: their task runs are found by an index. */
function onlyIds({ flow_runs, flows, deployments }: Criteria): readonly string[] | undefined {
  if (!isThere(flow_runs) || isThere(flows) || isThere(deployments)) return undefined
  const { operator: _, id, ...others } = flow_runs
  const alone = !Object.values(others).some(isThere) && !id?.not_any_?.length && !id?.suffix_
  return alone && id?.any_?.length ? lower(id.any_) : undefined
}

export const flowsWhere = (criteria: Criteria): Condition =>
  combine('and_', [
    ...given(criteria.flows, flowCondition),
    ...given(criteria.deployments, (filter) => exists('d', sql<boolean>`d.flow_id = f.id`, [deploymentCondition(filter)])),
    ...withRuns(criteria, sql<boolean>`r.flow_id = f.id`),
  ])

export const deploymentsWhere = (criteria: Criteria): Condition =>
  combine('and_', [
    ...given(criteria.deployments, deploymentCondition),
    ...given(criteria.flows, (filter) => sql<boolean>`d.flow_id in (select f.id from flow f where ${flowCondition(filter)})`),
    ...withRuns(criteria, sql<boolean>`r.flow_id = d.flow_id and r.deployment_id = d.id`),
  ])

function withRuns(criteria: Criteria, belongs: Condition): readonly Condition[] {
  const { flow_runs, task_runs } = criteria
  if (!isThere(flow_runs) && !isThere(task_runs)) return []
  return [exists('r', belongs, [...given(flow_runs, runCondition), ...withTasks(criteria)])]
}
