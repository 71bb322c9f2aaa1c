/** Prefect's FlowRunFilter, for a row of `flow_run` known as `r`. */
import { isTerminal, STATE_TYPES, type StateType } from '@pilotflame/core'
import type { FlowRunFilter } from '@pilotflame/core/contract'
import { type RawBuilder, sql } from 'kysely'
import {
  anyId,
  anyOf,
  between,
  type Condition,
  combine,
  given,
  isAny,
  isNull,
  listOf,
  lower,
  named,
  tagged,
} from './conditions.ts'

const FAILURES: readonly StateType[] = ['FAILED', 'CRASHED', 'CANCELLED']
const SHORT = 8

/** The last 8 characters are an index; a longer end is looked up by them first. */
function idEndsWith(suffix: string): Condition {
  const ends = suffix.toLowerCase()
  const exact = sql<boolean>`substr(r.id, ${sql.lit(-ends.length)}) = ${ends}`
  return ends.length <= SHORT ? exact : combine('and_', [exact, sql<boolean>`substr(r.id, -8) = ${ends.slice(-SHORT)}`])
}

const rowsBy = (index: string, where: Condition): Condition =>
  sql<boolean>`select x.rowid from flow_run x indexed by ${sql.raw(index)} where ${where}`

/**
 * The few runs that wait, run or have failed are found by indexes that a run which completes never enters: each part
 * names the very condition of its index. Of the many that have completed there is no index to find them by.
 */
function stateTypeIsAny(types: readonly StateType[]): Condition {
  if (types.length === 0 || types.includes('COMPLETED')) return isAny(sql`r.state_type`, types)
  const isType = (some: readonly StateType[]): Condition => isAny(sql`x.state_type`, some)
  const failed = types.filter((type) => FAILURES.includes(type))
  const active = types.filter((type) => !isTerminal(type) && type !== 'SCHEDULED')
  const parts: Condition[] = []
  if (types.includes('SCHEDULED')) parts.push(rowsBy('flow_run_waiting', sql<boolean>`x.state_type = 'SCHEDULED'`))
  if (failed.length > 0) {
    const ended = sql<boolean>`x.state_type in ('FAILED', 'CRASHED', 'CANCELLED') and ${isType(failed)}`
    parts.push(rowsBy('flow_run_failed', ended))
  }
  if (active.length > 0) {
    parts.push(rowsBy('flow_run_session', sql<boolean>`x.session_id is not null and ${isType(active)}`))
    parts.push(rowsBy('flow_run_unleased', sql<boolean>`x.session_id is null and x.end_at is null and ${isType(active)}`))
  }
  return sql<boolean>`r.rowid in (${sql.join(parts, sql` union all `)})`
}

type StateFilter = NonNullable<FlowRunFilter['state']>

function stateCondition({ operator, type, name }: StateFilter): Condition {
  const types = [
    ...given(type?.any_, stateTypeIsAny),
    ...given(type?.not_any_?.length ? type.not_any_ : null, (none) =>
      stateTypeIsAny(STATE_TYPES.filter((one) => !none.includes(one))),
    ),
  ]
  const names = anyOf(sql`r.state_name`, name ?? {})
  const parts = [types, names].filter((part) => part.length > 0).map((part) => combine('and_', part))
  return combine(operator, parts)
}

const START = sql`coalesce(r.start_at, r.expected_start_at)`
const kept = (field: string): RawBuilder<unknown> => sql`r.kept ->> ${sql.lit(field)}`

/** A deployment is one flow's, and a flow's runs are found by an index. */
function ofDeployments(ids: readonly string[]): Condition {
  const [only, ...more] = lower(ids)
  if (only !== undefined && more.length === 0) {
    return sql<boolean>`(r.flow_id = (select flow_id from deployment where id = ${only}) and r.deployment_id = ${only})`
  }
  const list = listOf(lower(ids))
  return sql<boolean>`(r.flow_id in (select flow_id from deployment where id in ${list}) and r.deployment_id in ${list})`
}

const parents = (ids: readonly string[]): Condition =>
  sql<boolean>`r.parent_task_run_id in (select p.id from task_run p where p.flow_run_id in ${listOf(lower(ids))})`

const createdBy = ({ operator, id_, type_, is_null_ }: NonNullable<FlowRunFilter['created_by']>): Condition =>
  combine(operator, [
    ...given(id_, (ids) => isAny(sql`r.created_by ->> 'id'`, lower(ids))),
    ...given(type_, (types) => isAny(sql`r.created_by ->> 'type'`, types)),
    ...isNull(sql`r.created_by`, is_null_),
  ])

const all = (conditions: readonly Condition[]): Condition => combine('and_', conditions)

export const runCondition = (filter: FlowRunFilter): Condition =>
  combine(filter.operator, [
    ...given(filter.id, (id) => all([...anyId(sql`r.id`, id), ...given(id.suffix_ || null, idEndsWith)])),
    ...given(filter.name, (name) => all(named(sql`r.name`, name))),
    ...given(filter.tags, (tags) => tagged(sql`r.tags`, tags)),
    ...given(filter.deployment_id, ({ operator, any_, is_null_ }) =>
      combine(operator, [...given(any_, ofDeployments), ...isNull(sql`r.deployment_id`, is_null_)]),
    ),
    ...given(filter.work_queue_name, (queue) => combine(queue.operator, anyOf(kept('work_queue_name'), queue))),
    ...given(filter.flow_version, (version) => all(anyOf(kept('flow_version'), version))),
    ...given(filter.state, stateCondition),
    ...given(filter.start_time, (time) => all([...between(START, time), ...isNull(sql`r.start_at`, time.is_null_)])),
    ...given(filter.end_time, (time) => all([...between(sql`r.end_at`, time), ...isNull(sql`r.end_at`, time.is_null_)])),
    ...given(filter.expected_start_time, (time) => all(between(sql`r.expected_start_at`, time))),
    ...given(filter.next_scheduled_start_time, (time) => all(between(sql`r.next_scheduled_at`, time))),
    ...given(filter.parent_flow_run_id, ({ any_ }) => all(given(any_, parents))),
    ...given(filter.parent_task_run_id, (id) => combine(id.operator, anyId(sql`r.parent_task_run_id`, id))),
    ...given(filter.idempotency_key, (key) => all(anyOf(sql`r.idempotency_key`, key))),
    ...given(filter.created_by, createdBy),
  ])
