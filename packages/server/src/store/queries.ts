/** The API's lists, filters and counts: compiled by Kysely, run on one connection, answered as finished JSON. */

import type { SQLInputValue } from 'node:sqlite'
import {
  automationToWire,
  type Chunk,
  deploymentToWire,
  flowRunToWire,
  flowToWire,
  hookToWire,
  logToWire,
  stateToWire,
  taskRunToWire,
  type Verdict,
} from '@pilotflame/core'
import type { Compilable } from 'kysely'
import { countEvents, listEvents } from './event-queries.ts'
import { compiler, likePattern, type Named, nameFilter, stateColumns } from './query-compiler.ts'
import { countOld } from './remove-old.ts'
import {
  STATE_SELECT,
  toAutomation,
  toChunk,
  toDeployment,
  toFlow,
  toFlowRun,
  toHook,
  toLog,
  toState,
  toTaskRun,
  toVerdict,
} from './rows.ts'
import { countRuns, listRuns } from './run-queries.ts'
import type { Row, Statements } from './statements.ts'
import type { Page, Reader } from './store.ts'

/** The reader's methods, answered at once. */
export type SyncReader = { [K in keyof Reader]: (...values: Parameters<Reader[K]>) => Awaited<ReturnType<Reader[K]>> }

export const rowsOf = (statements: Statements, query: Compilable): Row[] => {
  const { sql, parameters } = query.compile()
  return statements.all(sql, ...(parameters as SQLInputValue[]))
}

const list = <T>(rows: readonly Row[], to: (row: Row) => T): string => JSON.stringify(rows.map(to))

function flowsQuery(filter: Named, { limit, offset }: Page): Compilable {
  return nameFilter(compiler.selectFrom('flow as t').selectAll('t'), filter).orderBy('t.name').limit(limit).offset(offset)
}

function deploymentsQuery(filter: Named & { flowNames?: readonly string[] }, { limit, offset }: Page): Compilable {
  let query = compiler
    .selectFrom('deployment as t')
    .innerJoin('flow as f', 'f.id', 't.flow_id')
    .selectAll('t')
    .select('f.name as flow_name')
  if (filter.ids) query = query.where('t.id', 'in', filter.ids)
  if (filter.names) query = query.where('t.name', 'in', filter.names)
  if (filter.nameLike !== undefined) query = query.where('t.name', 'like', likePattern(filter.nameLike))
  if (filter.flowNames) query = query.where('f.name', 'in', filter.flowNames)
  return query.orderBy('t.name').orderBy('t.id').limit(limit).offset(offset)
}

function taskRunsQuery(filter: Parameters<Reader['taskRuns']>[0], { limit, offset }: Page): Compilable {
  let query = compiler
    .selectFrom('task_run as t')
    .innerJoin('task_run_state as s', 's.id', 't.state_id')
    .selectAll('t')
    .select(stateColumns)
  if (filter.ids) query = query.where('t.id', 'in', filter.ids)
  if (filter.flowRunIds) query = query.where('t.flow_run_id', 'in', filter.flowRunIds)
  return query.orderBy('t.id', 'desc').limit(limit).offset(offset)
}

function logsQuery(
  filter: Parameters<Reader['logs']>[0],
  sort: Parameters<Reader['logs']>[1],
  { limit, offset }: Page,
): Compilable {
  const direction = sort === 'TIMESTAMP_ASC' ? 'asc' : 'desc'
  let query = compiler.selectFrom('log as t').selectAll('t')
  if (filter.flowRunIds) query = query.where('t.flow_run_id', 'in', filter.flowRunIds)
  if (filter.taskRunIds) query = query.where('t.task_run_id', 'in', filter.taskRunIds)
  if (filter.levelMin !== undefined) query = query.where('t.level', '>=', filter.levelMin)
  if (filter.levelMax !== undefined) query = query.where('t.level', '<=', filter.levelMax)
  return query.orderBy('t.at', direction).orderBy('t.id', direction).limit(limit).offset(offset)
}

function automationsQuery(filter: Named, { limit, offset }: Page): Compilable {
  const query = nameFilter(compiler.selectFrom('automation as t').selectAll('t'), filter)
  return query.orderBy('t.name').orderBy('t.id').limit(limit).offset(offset)
}

const STATES_OF_RUN = `select ${STATE_SELECT} from flow_run_state s where s.flow_run_id = ? order by s.at, s.id`
const STATES_OF_TASK_RUN = `select ${STATE_SELECT}, t.flow_run_id from task_run_state s join task_run t on t.id = s.task_run_id
  where s.task_run_id = ? order by s.at, s.id`
const CHUNKS_AFTER = `select * from chunk where flow_run_id = ? and (attempt, n) > (?, ?) order by attempt, n limit ?`

/** All of `Reader`, on this connection. */
export function createQueries(statements: Statements): SyncReader {
  const rows = (query: Compilable): Row[] => rowsOf(statements, query)
  return {
    flowRuns: (filter, sort, page) => list(listRuns(statements, filter, sort, page), (row) => flowRunToWire(toFlowRun(row))),
    countFlowRuns: (filter) => countRuns(statements, filter),
    flowRunStates: (flowRunId) =>
      list(statements.all(STATES_OF_RUN, flowRunId), (row) => stateToWire(toState(row), { flowRunId })),
    taskRunStates: (taskRunId) =>
      list(statements.all(STATES_OF_TASK_RUN, taskRunId), (row) =>
        stateToWire(toState(row), { taskRunId, ...(row.flow_run_id ? { flowRunId: String(row.flow_run_id) } : {}) }),
      ),
    flows: (filter, page) => list(rows(flowsQuery(filter, page)), (row) => flowToWire(toFlow(row))),
    deployments: ({ ready = [], ...filter }, page) => {
      const served = new Set(ready)
      return list(rows(deploymentsQuery(filter, page)), (row) => {
        const deployment = toDeployment(row)
        return deploymentToWire(deployment, { ready: served.has(deployment.id) })
      })
    },
    taskRuns: (filter, page) => list(rows(taskRunsQuery(filter, page)), (row) => taskRunToWire(toTaskRun(row))),
    logs: (filter, sort, page) => list(rows(logsQuery(filter, sort, page)), (row) => logToWire(toLog(row))),
    automations: (filter, page) => list(rows(automationsQuery(filter, page)), (row) => automationToWire(toAutomation(row))),
    events: (query) => listEvents(statements, query),
    countEvents: (query) => countEvents(statements, query),
    hooks: () => list(statements.all('select * from hook order by name'), (row) => hookToWire(toHook(row))),
    verdicts: (eventId): readonly Verdict[] =>
      statements.all('select * from verdict where event_id = ? order by at, place', eventId).map(toVerdict),
    chunks: (runId, after, limit): readonly Chunk[] =>
      statements.all(CHUNKS_AFTER, runId, after.attempt, after.n, limit).map(toChunk),
    countOld: (before) => countOld(statements, before),
  }
}
