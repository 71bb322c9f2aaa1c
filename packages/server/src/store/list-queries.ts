/** Lists of everything but flow runs and events. */
import { type RawBuilder, sql } from 'kysely'
import type { Condition } from './filters/conditions.ts'
import { limited } from './query-compiler.ts'
import { TASK_RUN_SELECT } from './rows.ts'
import type { LogSort, NameSort, Page, TaskRunSort } from './store.ts'

type Query = RawBuilder<unknown>

const NAME_ORDERS: Readonly<Record<NameSort, (alias: string) => string>> = {
  CREATED_DESC: (alias) => `${alias}.created_at desc, ${alias}.id desc`,
  UPDATED_DESC: (alias) => `${alias}.updated_at desc, ${alias}.id desc`,
  NAME_ASC: (alias) => `${alias}.name, ${alias}.id`,
  NAME_DESC: (alias) => `${alias}.name desc, ${alias}.id desc`,
}

const named =
  (select: string, from: string, alias: string) =>
  (where: Condition, sort: NameSort, page: Page): Query =>
    sql`select ${sql.raw(select)} from ${sql.raw(from)} where ${where}
      order by ${sql.raw(NAME_ORDERS[sort](alias))} ${limited(page)}`

export const flowsQuery = named('f.*', 'flow f', 'f')
export const deploymentsQuery = named('d.*, own.name as flow_name', 'deployment d cross join flow own on own.id = d.flow_id', 'd')
export const automationsQuery = named('a.*', 'automation a', 'a')
export const variablesQuery = named('v.*', 'variable v', 'v')

const EXPECTED = 'coalesce(t.expected_start_at, t.start_at)'
/** Those without the value come last. */
const TASK_RUN_ORDERS: Readonly<Record<TaskRunSort, string>> = {
  ID_DESC: 't.id desc',
  EXPECTED_START_TIME_ASC: `${EXPECTED} is null, ${EXPECTED}, t.id`,
  EXPECTED_START_TIME_DESC: `${EXPECTED} desc, t.id desc`,
  NAME_ASC: 't.name, t.id',
  NAME_DESC: 't.name desc, t.id desc',
  NEXT_SCHEDULED_START_TIME_ASC: 's.scheduled_at is null, s.scheduled_at, t.id',
  END_TIME_DESC: 't.end_at desc, t.id desc',
}

export const taskRunsQuery = (where: Condition, sort: TaskRunSort, page: Page): Query =>
  sql`select ${sql.raw(TASK_RUN_SELECT)} from task_run t cross join task_run_state s on s.id = t.state_id
    where ${where} order by ${sql.raw(TASK_RUN_ORDERS[sort])} ${limited(page)}`

export function logsQuery(where: Condition, sort: LogSort, page: Page): Query {
  const direction = sql.raw(sort === 'TIMESTAMP_ASC' ? 'asc' : 'desc')
  return sql`select l.* from log l where ${where} order by l.at ${direction}, l.id ${direction} ${limited(page)}`
}
