/**
 * Prefect's filters once more, as plain functions on values: what the SQL is held against. A condition on a value that
 * is missing is neither true nor false (null), as in SQL; what is listed fits only where all of it is true.
 */
import {
  type Automation,
  type Deployment,
  type Flow,
  type FlowRun,
  isTerminal,
  type Log,
  parseIso,
  type TaskRun,
  type Variable,
} from '@pilotflame/core'
import type {
  AutomationFilter,
  DeploymentFilter,
  FlowFilter,
  FlowRunFilter,
  LogFilter,
  TaskRunFilter,
  VariableFilter,
} from '@pilotflame/core/contract'
import type { Criteria } from '../filters/criteria.ts'

export interface World {
  readonly flows: readonly Flow[]
  readonly deployments: readonly Deployment[]
  readonly runs: readonly FlowRun[]
  readonly tasks: readonly TaskRun[]
  readonly logs: readonly Log[]
  readonly automations: readonly Automation[]
  readonly variables: readonly Variable[]
}

type Truth = boolean | null
type Maybe<T> = T | null | undefined
type Operator = Maybe<'and_' | 'or_'>

function combine(operator: Operator, given: readonly (Truth | undefined)[]): Truth {
  const parts = given.filter((part) => part !== undefined)
  if (parts.length === 0) return true
  if (operator === 'or_') return parts.includes(true) ? true : parts.includes(null) ? null : false
  return parts.includes(false) ? false : parts.includes(null) ? null : true
}
const all = (...parts: readonly (Truth | undefined)[]): Truth => combine('and_', parts)
const where = <T>(given: Maybe<T>, test: (value: T) => Truth): Truth | undefined =>
  given === null || given === undefined ? undefined : test(given)

const oneOf = (value: string | null, list: readonly string[]): Truth =>
  list.length === 0 ? false : value === null ? null : list.includes(value)
const noneOf = (value: string | null, list: readonly string[]): Truth | undefined =>
  list.length === 0 ? undefined : value === null ? null : !list.includes(value)
const lower = (ids: readonly string[]): readonly string[] => ids.map((id) => id.toLowerCase())
const contains = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase())
const missing =
  (value: unknown) =>
  (is: boolean): Truth =>
    (value === null) === is

interface AnyOf {
  readonly any_?: Maybe<readonly string[]>
  readonly not_any_?: Maybe<readonly string[]>
  readonly is_null_?: Maybe<boolean>
}
const ids = (value: string | null, { any_, not_any_, is_null_ }: AnyOf): (Truth | undefined)[] => [
  where(any_, (list) => oneOf(value, lower(list))),
  where(not_any_, (list) => noneOf(value, lower(list)) as Truth),
  where(is_null_, missing(value)),
]
const texts = (value: string | null, { any_, not_any_, is_null_ }: AnyOf): (Truth | undefined)[] => [
  where(any_, (list) => oneOf(value, list)),
  where(not_any_, (list) => noneOf(value, list) as Truth),
  where(is_null_, missing(value)),
]
const name = (value: string, { any_, like_ }: { any_?: Maybe<readonly string[]>; like_?: Maybe<string> }): Truth =>
  all(
    where(any_, (list) => oneOf(value, list)),
    where(like_ || null, (part) => contains(value, part)),
  )
interface Tags {
  readonly operator?: Operator
  readonly all_?: Maybe<readonly string[]>
  readonly any_?: Maybe<readonly string[]>
  readonly is_null_?: Maybe<boolean>
}
const tags = (have: readonly string[], { operator, all_, any_, is_null_ }: Tags): Truth =>
  combine(operator, [
    where(all_?.length ? all_ : null, (list) => list.every((tag) => have.includes(tag))),
    where(any_, (list) => list.some((tag) => have.includes(tag))),
    where(is_null_, (is) => (have.length === 0) === is),
  ])
interface Time {
  readonly before_?: Maybe<string>
  readonly after_?: Maybe<string>
  readonly is_null_?: Maybe<boolean>
}
const at = (moment: string): number => parseIso(moment) ?? Number.NaN
const time = (value: number | null, { before_, after_, is_null_ }: Time, ofNull: unknown = value): Truth =>
  all(
    where(before_, (moment) => (value === null ? null : value <= at(moment))),
    where(after_, (moment) => (value === null ? null : value >= at(moment))),
    where(is_null_, missing(ofNull)),
  )

export const fitsRun = (world: World, run: FlowRun, filter: FlowRunFilter): Truth =>
  combine(filter.operator, [
    where(filter.id, (id) =>
      all(
        ...ids(run.id, id),
        where(id.suffix_ || null, (end) => run.id.endsWith(end.toLowerCase())),
      ),
    ),
    where(filter.name, (given) => name(run.name, given)),
    where(filter.tags, (given) => tags(run.tags, given)),
    where(filter.deployment_id, (given) => combine(given.operator, ids(run.deploymentId, given))),
    where(filter.work_queue_name, (given) => combine(given.operator, texts(run.kept?.work_queue_name ?? null, given))),
    where(filter.flow_version, (given) => all(...texts(run.kept?.flow_version ?? null, given))),
    where(filter.state, ({ operator, type, name: names }) => {
      const parts = [texts(run.state.type, type ?? {}), texts(run.state.name, names ?? {})]
      const asked = parts.filter((part) => part.some((one) => one !== undefined))
      return combine(
        operator,
        asked.map((part) => all(...part)),
      )
    }),
    where(filter.start_time, (given) => time(run.startAt ?? run.expectedStartAt, given, run.startAt)),
    where(filter.end_time, (given) => time(run.endAt, given)),
    where(filter.expected_start_time, (given) => time(run.expectedStartAt, given)),
    where(filter.next_scheduled_start_time, (given) => time(run.nextScheduledAt, given)),
    where(filter.parent_flow_run_id, ({ any_ }) =>
      all(
        where(any_, (list) => {
          if (run.parentTaskRunId === null) return null
          const parent = world.tasks.find(({ id }) => id === run.parentTaskRunId)
          return lower(list).includes(parent?.flowRunId ?? '?')
        }),
      ),
    ),
    where(filter.parent_task_run_id, (given) => combine(given.operator, ids(run.parentTaskRunId, given))),
    where(filter.idempotency_key, (given) => all(...texts(run.idempotencyKey, given))),
    where(filter.created_by, ({ operator, id_, type_, is_null_ }) =>
      combine(operator, [
        where(id_, (list) => oneOf(run.createdBy?.id ?? null, lower(list))),
        where(type_, (list) => oneOf(run.createdBy?.type ?? null, list)),
        where(is_null_, missing(run.createdBy)),
      ]),
    ),
  ])

export const fitsTask = (world: World, task: TaskRun, filter: TaskRunFilter): Truth =>
  combine(filter.operator, [
    where(filter.id, (id) => all(...ids(task.id, id))),
    where(filter.name, (given) => name(task.name, given)),
    where(filter.tags, (given) => tags(task.tags, given)),
    where(filter.state, ({ operator, type, name: names }) =>
      combine(operator, [
        where(type?.any_, (list) => oneOf(task.state.type, list)),
        where(names?.any_, (list) => oneOf(task.state.name, list)),
      ]),
    ),
    where(filter.start_time, (given) => time(task.startAt, given)),
    where(filter.end_time, (given) => time(task.endAt, given)),
    where(filter.expected_start_time, (given) => time(task.expectedStartAt ?? task.startAt, given)),
    where(filter.subflow_runs, ({ exists_ }) =>
      all(where(exists_, (is) => world.runs.some((run) => run.parentTaskRunId === task.id) === is)),
    ),
    where(filter.flow_run_id, ({ any_, is_null_ = false }) => {
      if (is_null_ === true) return task.flowRunId === null
      if (any_) return task.flowRunId !== null && lower(any_).includes(task.flowRunId)
      return is_null_ === null || task.flowRunId !== null
    }),
  ])

export const fitsFlow = (world: World, flow: Flow, filter: FlowFilter): Truth =>
  combine(filter.operator, [
    where(filter.id, (id) => all(...ids(flow.id, id))),
    where(filter.name, (given) => name(flow.name, given)),
    where(filter.tags, (given) => tags(flow.tags, given)),
    where(filter.deployment, ({ is_null_ }) =>
      all(where(is_null_, (is) => !world.deployments.some(({ flowId }) => flowId === flow.id) === is)),
    ),
  ])

export const fitsDeployment = (deployment: Deployment, filter: DeploymentFilter): Truth =>
  combine(filter.operator, [
    where(filter.id, (id) => all(...ids(deployment.id, id))),
    where(filter.name, (given) => name(deployment.name, given)),
    where(filter.flow_or_deployment_name, ({ like_ }) =>
      all(where(like_ || null, (part) => contains(deployment.name, part) || contains(deployment.flowName, part))),
    ),
    where(filter.paused, ({ eq_ }) => all(where(eq_, (is) => deployment.paused === is))),
    where(filter.tags, (given) => tags(deployment.tags, given)),
    where(filter.work_queue_name, (given) => all(...texts((deployment.kept.work_queue_name ?? null) as string | null, given))),
  ])

/** One word is enough; the fuzz knows no signs and quotes: those are `search-text.ts`'s. */
export const fitsLog = (log: Log, filter: LogFilter): Truth =>
  combine(filter.operator, [
    where(filter.level, ({ ge_, le_ }) =>
      all(
        where(ge_, (level) => log.level >= level),
        where(le_, (level) => log.level <= level),
      ),
    ),
    where(filter.timestamp, (given) => time(log.at, given)),
    where(filter.flow_run_id, (given) => all(...ids(log.flowRunId, given))),
    where(filter.task_run_id, (given) => all(...ids(log.taskRunId, given))),
    where(filter.text, ({ query }) => {
      const words = query.split(' ').filter((word) => word !== '')
      return words.length === 0 || words.some((word) => contains(`${log.message} ${log.name}`, word))
    }),
  ])

export const fitsAutomation = (automation: Automation, filter: AutomationFilter): Truth =>
  combine(filter.operator, [
    where(filter.id, (id) => all(...ids(automation.id, id))),
    where(filter.name, (given) => name(automation.name, given)),
    where(filter.created, (given) => time(automation.createdAt, given)),
    where(filter.tags, (given) => tags(automation.tags, given)),
  ])

export const fitsVariable = (variable: Variable, filter: VariableFilter): Truth =>
  combine(filter.operator, [
    where(filter.id, (id) => all(...ids(variable.id, id))),
    where(filter.name, (given) => name(variable.name, given)),
    where(filter.tags, (given) => tags(variable.tags, given)),
  ])

// Several kinds at once

const isThere = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined

export const runFits = (world: World, run: FlowRun, { flow_runs, flows, task_runs, deployments }: Criteria): boolean =>
  (!isThere(flow_runs) || fitsRun(world, run, flow_runs) === true) &&
  (!isThere(flows) || world.flows.some((one) => one.id === run.flowId && fitsFlow(world, one, flows) === true)) &&
  (!isThere(deployments) ||
    world.deployments.some((one) => one.id === run.deploymentId && fitsDeployment(one, deployments) === true)) &&
  (!isThere(task_runs) || world.tasks.some((one) => one.flowRunId === run.id && fitsTask(world, one, task_runs) === true))

export function taskFits(world: World, task: TaskRun, { task_runs, ...others }: Criteria): boolean {
  if (isThere(task_runs) && fitsTask(world, task, task_runs) !== true) return false
  if (!isThere(others.flow_runs) && !isThere(others.flows) && !isThere(others.deployments)) return true
  return world.runs.some((run) => run.id === task.flowRunId && runFits(world, run, others))
}

const hasRuns = (world: World, { flow_runs, task_runs }: Criteria, belongs: (run: FlowRun) => boolean): boolean =>
  (!isThere(flow_runs) && !isThere(task_runs)) ||
  world.runs.some((run) => belongs(run) && runFits(world, run, { flow_runs, task_runs }))

export const flowFits = (world: World, flow: Flow, criteria: Criteria): boolean =>
  (!isThere(criteria.flows) || fitsFlow(world, flow, criteria.flows) === true) &&
  (!isThere(criteria.deployments) ||
    world.deployments.some(
      (one) => one.flowId === flow.id && fitsDeployment(one, criteria.deployments as DeploymentFilter) === true,
    )) &&
  hasRuns(world, criteria, (run) => run.flowId === flow.id)

export const deploymentFits = (world: World, deployment: Deployment, criteria: Criteria): boolean =>
  (!isThere(criteria.deployments) || fitsDeployment(deployment, criteria.deployments) === true) &&
  (!isThere(criteria.flows) ||
    world.flows.some((one) => one.id === deployment.flowId && fitsFlow(world, one, criteria.flows as FlowFilter) === true)) &&
  hasRuns(world, criteria, (run) => run.deploymentId === deployment.id)

/** Seconds from when a run was expected to when it started, or to now. */
export function lateness(run: FlowRun, now: number): number {
  const until = run.startAt ?? (isTerminal(run.state.type) ? null : now)
  return until === null || run.expectedStartAt === null ? 0 : Math.max(0, until - run.expectedStartAt) / 1_000_000
}
