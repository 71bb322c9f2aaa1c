/** Lists of flow runs: Prefect's sorts, each but that by name along an index. */
import { type RawBuilder, sql } from 'kysely'
import type { Condition } from './filters/conditions.ts'
import { countOf, limited, rowsOf } from './query-compiler.ts'
import { RUN_SELECT } from './rows.ts'
import type { Row, Statements } from './statements.ts'
import type { Page, RunSort } from './store.ts'

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

const orderBy = ({ by, direction }: Order): RawBuilder<unknown> =>
  sql.raw(by === 'r.id' ? `order by r.id ${direction}` : `order by ${by} ${direction}, r.id ${direction}`)

/**
 * The runs of one page, with their states. The page is cut from ids alone, so that the rows it skips or sorts stay
 * narrow; the cross joins tell SQLite to look up the page's rows, and not to begin with all of them.
 */
export const runPage = (where: Condition, order: Order, page: Page): RawBuilder<unknown> => sql`
  select ${sql.raw(RUN_SELECT)}
  from (select r.id as id from flow_run r where ${where} ${orderBy(order)} ${limited(page)}) i
  cross join flow_run r on r.id = i.id cross join flow_run_state s on s.id = r.state_id ${orderBy(order)}`

const LAST: Order = { by: 'r.id', direction: 'desc' }

export const orderOf = (sort: RunSort): Order => ORDERS[sort]

export function listRuns(statements: Statements, where: Condition, sort: RunSort, page: Page): Row[] {
  const order = ORDERS[sort]
  if (order.present === undefined) return rowsOf(statements, runPage(where, order, page))
  const present = sql<boolean>`${where} and ${sql.raw(order.present)}`
  const rows = rowsOf(statements, runPage(present, order, page))
  if (rows.length === page.limit) return rows
  const before = rows.length > 0 ? page.offset + rows.length : countOf(statements, 'flow_run r', present)
  const missing = sql<boolean>`${where} and not (${sql.raw(order.present)})`
  const rest = { limit: page.limit - rows.length, offset: Math.max(0, page.offset - before) }
  return [...rows, ...rowsOf(statements, runPage(missing, LAST, rest))]
}
