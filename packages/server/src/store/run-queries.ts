/** Lists and counts of flow runs: Prefect's filters and sorts, each sort but that by name along an index. */

import type { SQLInputValue } from 'node:sqlite'
import { type Compilable, type SelectQueryBuilder, sql } from 'kysely'
import { compiler, likePattern, stateColumns, type Tables } from './query-compiler.ts'
import type { Row, Statements } from './statements.ts'
import type { Page, RunFilter, RunSort } from './store.ts'

type Runs = SelectQueryBuilder<Tables & { r: Tables['flow_run'] }, 'r', object>

const SHORT = 8

/** The last 8 characters are an index; a longer end is looked up by them first. */
function whereIdEndsWith(query: Runs, suffix: string): Runs {
  const ends = suffix.toLowerCase()
  const exact = query.where(sql<boolean>`substr(r.id, ${sql.lit(-ends.length)}) = ${ends}`)
  return ends.length <= SHORT ? exact : exact.where(sql<boolean>`substr(r.id, -8) = ${ends.slice(-SHORT)}`)
}

function where(start: Runs, filter: RunFilter): Runs {
  let query = start
  if (filter.ids) query = query.where('r.id', 'in', filter.ids)
  if (filter.idSuffix) query = whereIdEndsWith(query, filter.idSuffix)
  if (filter.names) query = query.where('r.name', 'in', filter.names)
  if (filter.nameLike !== undefined) query = query.where('r.name', 'like', likePattern(filter.nameLike))
  if (filter.deploymentIds) query = query.where('r.deployment_id', 'in', filter.deploymentIds)
  if (filter.flowNames) {
    const flows = compiler.selectFrom('flow').select('id').where('name', 'in', filter.flowNames)
    query = query.where('r.flow_id', 'in', flows)
  }
  if (filter.stateTypes) query = query.where('r.state_type', 'in', filter.stateTypes)
  if (filter.stateNames) query = query.where('r.state_name', 'in', filter.stateNames)
  for (const tag of filter.tagsAll ?? []) {
    query = query.where(sql<boolean>`exists (select 1 from json_each(r.tags) where value = ${tag})`)
  }
  return query
}

interface Order {
  readonly by: string
  readonly direction: 'asc' | 'desc'
  /** Where the value may be missing: what is true of the runs that have it. Those come first, the others follow. */
  readonly present?: string
}

const START = 'coalesce(r.start_at, r.expected_start_at)'
const ORDERS: Readonly<Record<RunSort, Order>> = {
  ID_DESC: { by: 'r.id', direction: 'desc' },
  START_TIME_ASC: { by: START, direction: 'asc' },
  START_TIME_DESC: { by: START, direction: 'desc' },
  EXPECTED_START_TIME_ASC: { by: 'r.expected_start_at', direction: 'asc' },
  EXPECTED_START_TIME_DESC: { by: 'r.expected_start_at', direction: 'desc' },
  NAME_ASC: { by: 'r.name', direction: 'asc' },
  NAME_DESC: { by: 'r.name', direction: 'desc' },
  NEXT_SCHEDULED_START_TIME_ASC: { by: 'r.next_scheduled_at', direction: 'asc', present: `r.state_type = 'SCHEDULED'` },
  END_TIME_DESC: { by: 'r.end_at', direction: 'desc', present: 'r.end_at is not null' },
}

const base = (): Runs => compiler.selectFrom('flow_run as r') as Runs

const inOrder = (query: Runs, { by, direction }: Order): Runs => {
  const sorted = query.orderBy(sql.raw(by), direction)
  return by === 'r.id' ? sorted : sorted.orderBy('r.id', direction)
}

/**
 * The runs of one page, with their states. The page is cut from ids alone, so that the rows it skips or sorts stay
 * narrow; a cross join and a left join tell SQLite to look up the page's rows, and not to begin with all of them.
 */
function pageOf(query: Runs, order: Order, { limit, offset }: Page): Compilable {
  const ids = inOrder(query, order).select('r.id as id').limit(limit).offset(offset)
  const rows = compiler.selectFrom(ids.as('i')).crossJoin('flow_run as r').whereRef('r.id', '=', 'i.id') as unknown as Runs
  const withStates = inOrder(rows, order).leftJoin('flow_run_state as s', 's.id', 'r.state_id')
  return withStates.selectAll('r').select(stateColumns)
}

const run = (statements: Statements, query: Compilable): Row[] => {
  const { sql: text, parameters } = query.compile()
  return statements.all(text, ...(parameters as SQLInputValue[]))
}

const count = (statements: Statements, query: Runs): number => {
  const total = query.select((expressions) => expressions.fn.countAll<number>().as('total'))
  return Number(run(statements, total)[0]?.total ?? 0)
}

export const countRuns = (statements: Statements, filter: RunFilter): number => count(statements, where(base(), filter))

const LAST: Order = { by: 'r.id', direction: 'desc' }

export function listRuns(statements: Statements, filter: RunFilter, sort: RunSort, page: Page): Row[] {
  const order = ORDERS[sort]
  const all = where(base(), filter)
  if (order.present === undefined) return run(statements, pageOf(all, order, page))
  const present = all.where(sql<boolean>`${sql.raw(order.present)}`)
  const rows = run(statements, pageOf(present, order, page))
  if (rows.length === page.limit) return rows
  const before = rows.length > 0 ? page.offset + rows.length : count(statements, present)
  const missing = all.where(sql<boolean>`not (${sql.raw(order.present)})`)
  const rest = { limit: page.limit - rows.length, offset: Math.max(0, page.offset - before) }
  return [...rows, ...run(statements, pageOf(missing, LAST, rest))]
}
