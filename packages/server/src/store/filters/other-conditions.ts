/** Prefect's filters of task runs (`t`), flows (`f`), deployments (`d`), logs (`l`), automations (`a`), variables (`v`). */
import { parseIso, parseSearch } from '@pilotflame/core'
import type {
  AutomationFilter,
  DeploymentFilter,
  FlowFilter,
  LogFilter,
  TaskRunFilter,
  VariableFilter,
} from '@pilotflame/core/contract'
import { sql } from 'kysely'
import {
  anyId,
  anyOf,
  between,
  type Condition,
  combine,
  given,
  isAny,
  isNull,
  like,
  lower,
  named,
  TRUE,
  tagged,
} from './conditions.ts'

const all = (conditions: readonly Condition[]): Condition => combine('and_', conditions)

// Task runs

type TaskState = NonNullable<TaskRunFilter['state']>
const stateIs = (column: 'type' | 'name', values: readonly string[]): Condition =>
  isAny(sql`(select ${sql.ref(column)} from task_run_state where id = t.state_id)`, values)

const taskState = ({ operator, type, name }: TaskState): Condition =>
  combine(operator, [
    ...given(type?.any_, (types) => stateIs('type', types)),
    ...given(name?.any_, (names) => stateIs('name', names)),
  ])

/** '' where there is no flow run. `is_null_` is false unless it is said to be null, and then only narrows without `any_`. */
function ofFlowRun({ any_, is_null_ = false }: NonNullable<TaskRunFilter['flow_run_id']>): Condition {
  if (is_null_ === true) return sql<boolean>`t.flow_run_id = ''`
  if (any_) return all([isAny(sql`t.flow_run_id`, lower(any_)), sql<boolean>`t.flow_run_id <> ''`])
  return is_null_ === false ? sql<boolean>`t.flow_run_id <> ''` : TRUE
}

const hasSubflow = (exists: boolean): Condition => {
  const found = sql<boolean>`exists (select 1 from flow_run c where c.parent_task_run_id = t.id)`
  return exists ? found : sql<boolean>`not ${found}`
}

export const taskRunCondition = (filter: TaskRunFilter): Condition =>
  combine(filter.operator, [
    ...given(filter.id, (id) => all(anyId(sql`t.id`, id))),
    ...given(filter.name, (name) => all(named(sql`t.name`, name))),
    ...given(filter.tags, (tags) => tagged(sql`t.tags`, tags)),
    ...given(filter.state, taskState),
    ...given(filter.start_time, (time) => all([...between(sql`t.start_at`, time), ...isNull(sql`t.start_at`, time.is_null_)])),
    ...given(filter.end_time, (time) => all([...between(sql`t.end_at`, time), ...isNull(sql`t.end_at`, time.is_null_)])),
    ...given(filter.expected_start_time, (time) => all(between(sql`coalesce(t.expected_start_at, t.start_at)`, time))),
    ...given(filter.subflow_runs, ({ exists_ }) => all(given(exists_, hasSubflow))),
    ...given(filter.flow_run_id, ofFlowRun),
  ])

// Flows and deployments

const hasNoDeployment = (none: boolean): Condition => {
  const found = sql<boolean>`exists (select 1 from deployment d2 where d2.flow_id = f.id)`
  return none ? sql<boolean>`not ${found}` : found
}

export const flowCondition = (filter: FlowFilter): Condition =>
  combine(filter.operator, [
    ...given(filter.id, (id) => all(anyId(sql`f.id`, id))),
    ...given(filter.deployment, ({ is_null_ }) => all(given(is_null_, hasNoDeployment))),
    ...given(filter.name, (name) => all(named(sql`f.name`, name))),
    ...given(filter.tags, (tags) => tagged(sql`f.tags`, tags)),
  ])

const flowOrOwnNameLike = (text: string): Condition =>
  sql<boolean>`(${like(sql`d.name`, text)} or
    exists (select 1 from flow f2 where f2.id = d.flow_id and ${like(sql`f2.name`, text)}))`

export const deploymentCondition = (filter: DeploymentFilter): Condition =>
  combine(filter.operator, [
    ...given(filter.id, (id) => all(anyId(sql`d.id`, id))),
    ...given(filter.name, (name) => all(named(sql`d.name`, name))),
    ...given(filter.flow_or_deployment_name, ({ like_ }) => all(given(like_ || null, flowOrOwnNameLike))),
    ...given(filter.paused, ({ eq_ }) => all(given(eq_, (paused) => sql<boolean>`d.paused = ${paused ? 1 : 0}`))),
    ...given(filter.tags, (tags) => tagged(sql`d.tags`, tags)),
    ...given(filter.work_queue_name, (queue) => all(anyOf(sql`d.kept ->> 'work_queue_name'`, queue))),
  ])

// Logs, automations, variables

const contains = (term: string): Condition => sql<boolean>`instr(lower(l.message || ' ' || l.name), ${term}) > 0`

function logText(query: string): Condition {
  const { any, all: every, none } = parseSearch(query)
  return all([
    ...(any.length > 0 ? [combine('or_', any.map(contains))] : []),
    ...none.map((term) => sql<boolean>`not ${contains(term)}`),
    ...every.map(contains),
  ])
}

export const logCondition = (filter: LogFilter): Condition =>
  combine(filter.operator, [
    ...given(filter.level, ({ ge_, le_ }) =>
      all([
        ...given(ge_, (level) => sql<boolean>`l.level >= ${level}`),
        ...given(le_, (level) => sql<boolean>`l.level <= ${level}`),
      ]),
    ),
    ...given(filter.timestamp, (time) => all(between(sql`l.at`, time))),
    ...given(filter.flow_run_id, ({ any_ }) => all(anyId(sql`l.flow_run_id`, { any_ }))),
    ...given(filter.task_run_id, (id) => all(anyId(sql`l.task_run_id`, id))),
    ...given(filter.text, ({ query }) => logText(query)),
  ])

export const automationCondition = (filter: AutomationFilter): Condition =>
  combine(filter.operator, [
    ...given(filter.id, (id) => all(anyId(sql`a.id`, id))),
    ...given(filter.name, (name) => all(named(sql`a.name`, name))),
    ...given(filter.created, ({ before_ }) => all(given(before_, (at) => sql<boolean>`a.created_at <= ${parseIso(at)}`))),
    ...given(filter.tags, (tags) => tagged(sql`a.tags`, tags)),
  ])

export const variableCondition = (filter: VariableFilter): Condition =>
  combine(filter.operator, [
    ...given(filter.id, (id) => all(anyId(sql`v.id`, id))),
    ...given(filter.name, (name) => all(named(sql`v.name`, name))),
    ...given(filter.tags, (tags) => tagged(sql`v.tags`, tags)),
  ])
