/** The everyday lists look up what they need: none of them reads all rows. */
import { type RawBuilder, sql } from 'kysely'
import { afterAll, expect, test } from 'vitest'
import { listEvents } from '../event-queries.ts'
import { logsQuery, taskRunsQuery } from '../list-queries.ts'
import { openDatabase } from '../open-database.ts'
import { compile } from '../query-compiler.ts'
import { orderOf, runPage } from '../run-queries.ts'
import { type SqlRunner, Statements } from '../statements.ts'
import type { RunSort } from '../store.ts'
import { uuid } from '../test/sample-rows.ts'
import { type Criteria, flowRunsWhere, taskRunsWhere } from './criteria.ts'
import { logCondition } from './other-conditions.ts'

const db = openDatabase(':memory:')
afterAll(() => db.close())

function planOf(query: RawBuilder<unknown>): string {
  const { text, values } = compile(query)
  const rows = db.prepare(`explain query plan ${text}`).all(...values)
  return rows.map(({ detail }) => String(detail)).join('\n')
}

const page = { limit: 200, offset: 0 }
const runs = (criteria: Criteria, sort: RunSort = 'ID_DESC'): string =>
  planOf(runPage(flowRunsWhere(criteria), orderOf(sort), page))
const counted = (criteria: Criteria): string => planOf(sql`select count(*) from flow_run r where ${flowRunsWhere(criteria)}`)

/** All of the table is gone through, without any index. */
const READS_ALL = /^SCAN (r|t|l)$/m

const state = (...any_: ('SCHEDULED' | 'PENDING' | 'RUNNING' | 'PAUSED' | 'FAILED' | 'CRASHED' | 'COMPLETED')[]): Criteria => ({
  flow_runs: { state: { type: { any_ } } },
})

const looked: readonly [string, string, readonly string[]][] = [
  ['runs that wait', runs(state('SCHEDULED')), ['flow_run_waiting']],
  ['runs under way', runs(state('PENDING', 'RUNNING')), ['flow_run_session', 'flow_run_unleased']],
  ['runs that failed', runs(state('FAILED', 'CRASHED'), 'START_TIME_DESC'), ['flow_run_failed']],
  ['how many failed', counted(state('FAILED')), ['flow_run_failed']],
  ['runs under way or failed', runs(state('RUNNING', 'FAILED')), ['flow_run_session', 'flow_run_unleased', 'flow_run_failed']],
  ['runs of a deployment', runs({ flow_runs: { deployment_id: { any_: [uuid(2, 1)] } } }), ['flow_run_flow']],
  [
    'the next runs of some deployments',
    runs(
      {
        flow_runs: {
          deployment_id: { any_: [uuid(2, 1), uuid(2, 2)] },
          state: { type: { any_: ['SCHEDULED'] } },
          next_scheduled_start_time: { before_: '2026-01-01T00:00:00Z' },
        },
      },
      'NEXT_SCHEDULED_START_TIME_ASC',
    ),
    ['flow_run_'],
  ],
  ['runs of a flow', runs({ flows: { id: { any_: [uuid(1, 1)] } } }, 'EXPECTED_START_TIME_DESC'), ['flow_run_flow']],
  ['runs of a flow by its name', runs({ flows: { name: { any_: ['answer'] } } }), ['flow_run_flow']],
  [
    'runs of a time',
    runs({ flow_runs: { expected_start_time: { after_: '2026-01-01T00:00:00Z' } } }, 'EXPECTED_START_TIME_DESC'),
    ['flow_run_expected'],
  ],
  [
    'runs by when they started',
    runs({ flow_runs: { start_time: { after_: '2026-01-01T00:00:00Z' } } }, 'START_TIME_DESC'),
    ['flow_run_start'],
  ],
  ['subflows', runs({ flow_runs: { parent_task_run_id: { any_: [uuid(11, 1)] } } }), ['flow_run_parent']],
  [
    'subflows of a run',
    runs({ flow_runs: { parent_flow_run_id: { any_: [uuid(9, 1)] } } }),
    ['flow_run_parent', 'task_run_flow_run'],
  ],
  [
    'task runs of a run',
    planOf(taskRunsQuery(taskRunsWhere({ task_runs: { flow_run_id: { any_: [uuid(9, 1)] } } }), 'ID_DESC', page)),
    ['task_run_flow_run'],
  ],
  [
    'task runs of a run, by the filter of runs',
    planOf(taskRunsQuery(taskRunsWhere({ flow_runs: { id: { any_: [uuid(9, 1)] } } }), 'EXPECTED_START_TIME_ASC', page)),
    ['task_run_flow_run'],
  ],
  [
    'logs of a run',
    planOf(logsQuery(logCondition({ flow_run_id: { any_: [uuid(9, 1)] }, level: { ge_: 20 } }), 'TIMESTAMP_ASC', page)),
    ['log_flow_run'],
  ],
  [
    'logs of a task run',
    planOf(logsQuery(logCondition({ task_run_id: { any_: [uuid(11, 1)] } }), 'TIMESTAMP_ASC', page)),
    ['log_task_run'],
  ],
]

test.each(looked)('%s are looked up', (_, plan, indexes) => {
  expect(plan).not.toMatch(READS_ALL)
  for (const index of indexes) expect(plan).toContain(index)
})

test.each(['ID_DESC', 'START_TIME_DESC', 'EXPECTED_START_TIME_ASC', 'END_TIME_DESC'] as const)(
  'all runs in the order %s are read in that order, none is sorted',
  (sort) => {
    const { present } = orderOf(sort)
    const where = present === undefined ? sql<boolean>`true` : sql<boolean>`${sql.raw(present)}`
    const [, ids = ''] = planOf(runPage(where, orderOf(sort), page)).split('\n')
    expect(ids).toMatch(/(SCAN|SEARCH) r USING (COVERING )?INDEX/)
    expect(planOf(sql`select r.id from flow_run r where ${where} order by ${sql.raw(orderOf(sort).by)}`)).not.toContain(
      'TEMP B-TREE',
    )
  },
)

test('logs of a run come in their order, none is sorted', () => {
  const plan = planOf(logsQuery(logCondition({ flow_run_id: { any_: [uuid(9, 1)] } }), 'TIMESTAMP_DESC', page))
  expect(plan).not.toContain('FOR ORDER BY')
})

test('events of a time begin at that time in each of their three tables', () => {
  const statements = new Statements(db)
  const seen = new Map<string, (string | number)[]>()
  const runner: SqlRunner = {
    get: (text, ...values) => statements.get(text, ...values),
    all: (text, ...values) => {
      seen.set(text, values as (string | number)[])
      return statements.all(text, ...values)
    },
    absent: (text, ...values) => statements.absent(text, ...values),
    run: () => 0,
  }
  listEvents(runner, { filter: { occurred: { since: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' } }, limit: 50 })
  const plans = [...seen].map(([text, values]) => {
    const rows = db.prepare(`explain query plan ${text}`).all(...values)
    return rows.map(({ detail }) => String(detail)).join('\n')
  })
  for (const table of ['event USING INTEGER PRIMARY KEY', 'flow_run_state USING PRIMARY KEY', 's USING PRIMARY KEY']) {
    expect(plans.some((plan) => plan.includes(`SEARCH ${table}`))).toBe(true)
  }
  expect(plans.join('\n')).not.toMatch(/SCAN|TEMP B-TREE/)
})
