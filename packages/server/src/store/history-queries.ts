/** Runs by interval and state, and how late they are: sums over many rows, made by SQL. */
import { type HistoryWire, MICROS_PER_SECOND, type Micros, STATE_TYPES, type StateType, toIso } from '@pilotflame/core'
import { type RawBuilder, sql } from 'kysely'
import type { Condition } from './filters/conditions.ts'
import { rowsOf } from './query-compiler.ts'
import type { Row, Statements } from './statements.ts'
import type { HistorySpan } from './store.ts'

/** What the sums are made of, in microseconds; the run's state is `s`. */
interface RunTable {
  readonly from: string
  readonly expected: string
  readonly startAt: string
  readonly ranMicros: string
}

const FLOW_RUNS: RunTable = {
  from: 'flow_run r cross join flow_run_state s on s.id = r.state_id',
  expected: 'r.expected_start_at',
  startAt: 'r.start_at',
  ranMicros: 'r.total_run_micros',
}
const TASK_RUNS: RunTable = {
  from: 'task_run t cross join task_run_state s on s.id = t.state_id',
  expected: 'coalesce(t.expected_start_at, t.start_at)',
  startAt: 't.start_at',
  ranMicros: `coalesce(t.kept ->> 'total_run_time' * ${MICROS_PER_SECOND}, t.end_at - t.start_at, 0)`,
}

const ENDED = `('COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED')`

/** As `estimatedLateness` in core says it of one run. */
const lateMicros = ({ expected, startAt }: RunTable, now: Micros): RawBuilder<number> => {
  const [due, start] = [sql.raw(expected), sql.raw(startAt)]
  return sql`case when ${start} > ${due} then ${start} - ${due}
    when ${start} is null and s.type not in ${sql.raw(ENDED)} and ${due} < ${now} then ${now} - ${due} else 0 end`
}

const ranMicros = ({ ranMicros }: RunTable, now: Micros): RawBuilder<number> =>
  sql`max(0, ${sql.raw(ranMicros)} + case when s.type = 'RUNNING' then max(0, ${now} - s.at) else 0 end)`

const seconds = (row: Row, column: string): number => Number(row[column] ?? 0) / MICROS_PER_SECOND

interface HistoryQuery {
  readonly where: Condition
  readonly span: HistorySpan
  readonly now: Micros
}

function history(statements: Statements, table: RunTable, { where, span, now }: HistoryQuery): readonly HistoryWire[] {
  const { start, intervalMicros, intervals } = span
  const expected = sql.raw(table.expected)
  const rows = rowsOf(
    statements,
    sql`select cast((${expected} - ${start}) / ${intervalMicros} as integer) as place, s.type as type, s.name as name, count(*) as runs,
        sum(${ranMicros(table, now)}) as ran, sum(${lateMicros(table, now)}) as late
      from ${sql.raw(table.from)}
      where ${expected} >= ${start} and ${expected} < ${start + intervals * intervalMicros} and ${where}
      group by 1, 2, 3 order by 1, 2, 3`,
  )
  const byPlace = Map.groupBy(rows, ({ place }) => Number(place))
  return Array.from({ length: intervals }, (_, place) => ({
    interval_start: toIso(start + place * intervalMicros),
    interval_end: toIso(start + (place + 1) * intervalMicros),
    states: (byPlace.get(place) ?? []).map((row) => ({
      state_type: typeOf(row),
      state_name: String(row.name),
      count_runs: Number(row.runs),
      sum_estimated_run_time: seconds(row, 'ran'),
      sum_estimated_lateness: seconds(row, 'late'),
    })),
  }))
}

/** The column holds nothing else. */
const typeOf = (row: Row): StateType => STATE_TYPES.find((type) => type === row.type) ?? 'PENDING'

export const flowRunHistory = (statements: Statements, query: HistoryQuery): readonly HistoryWire[] =>
  history(statements, FLOW_RUNS, query)
export const taskRunHistory = (statements: Statements, query: HistoryQuery): readonly HistoryWire[] =>
  history(statements, TASK_RUNS, query)

/** Seconds on average; null without a run. */
export function flowRunLateness(statements: Statements, where: Condition, now: Micros): number | null {
  const query = sql`select avg(${lateMicros(FLOW_RUNS, now)}) as late from ${sql.raw(FLOW_RUNS.from)} where ${where}`
  const late = rowsOf(statements, query)[0]?.late ?? null
  return late === null ? null : Number(late) / MICROS_PER_SECOND
}
