/** The API's lists, filters and counts: compiled by Kysely, run on one connection, answered as finished JSON. */
import {
  automationToWire,
  deploymentToWire,
  flowRunToWire,
  flowToWire,
  hookToWire,
  logToWire,
  stateToWire,
  taskRunToWire,
  type Verdict,
  variableToWire,
} from '@pilotflame/core'
import type { RawBuilder } from 'kysely'
import { readChunks } from './chunk-page.ts'
import { countEvents, listEvents } from './event-queries.ts'
import { deploymentsWhere, flowRunsWhere, flowsWhere, taskRunsWhere } from './filters/criteria.ts'
import { automationCondition, logCondition, variableCondition } from './filters/other-conditions.ts'
import { flowRunHistory, flowRunLateness, taskRunHistory } from './history-queries.ts'
import { automationsQuery, deploymentsQuery, flowsQuery, logsQuery, taskRunsQuery, variablesQuery } from './list-queries.ts'
import { countOf, rowsOf } from './query-compiler.ts'
import { countOld } from './remove-old.ts'
import {
  STATE_SELECT,
  toAutomation,
  toDeployment,
  toFlow,
  toFlowRun,
  toHook,
  toLog,
  toState,
  toTaskRun,
  toVariable,
  toVerdict,
} from './rows.ts'
import { listRuns } from './run-queries.ts'
import type { Row, Statements } from './statements.ts'
import type { Reader } from './store.ts'

/** The reader's methods, answered at once. */
export type SyncReader = { [K in keyof Reader]: (...values: Parameters<Reader[K]>) => Awaited<ReturnType<Reader[K]>> }

const list = <T>(rows: readonly Row[], to: (row: Row) => T): string => JSON.stringify(rows.map(to))

const STATES_OF_RUN = `select ${STATE_SELECT} from flow_run_state s where s.flow_run_id = ? order by s.at, s.id`
const STATES_OF_TASK_RUN = `select ${STATE_SELECT}, t.flow_run_id from task_run_state s join task_run t on t.id = s.task_run_id
  where s.task_run_id = ? order by s.at, s.id`

/** All of `Reader`, on this connection. */
export function createQueries(statements: Statements): SyncReader {
  const rows = (query: RawBuilder<unknown>): Row[] => rowsOf(statements, query)
  return {
    flowRuns: (criteria, sort, page, now) =>
      list(listRuns(statements, flowRunsWhere(criteria), sort, page), (row) => flowRunToWire(toFlowRun(row), now)),
    countFlowRuns: (criteria) => countOf(statements, 'flow_run r', flowRunsWhere(criteria)),
    flowRunHistory: (criteria, span, now) =>
      JSON.stringify(flowRunHistory(statements, { where: flowRunsWhere(criteria), span, now })),
    flowRunLateness: (criteria, now) => flowRunLateness(statements, flowRunsWhere(criteria), now),
    flowRunStates: (flowRunId) =>
      list(statements.all(STATES_OF_RUN, flowRunId), (row) => stateToWire(toState(row), { flowRunId })),
    taskRunStates: (taskRunId) =>
      list(statements.all(STATES_OF_TASK_RUN, taskRunId), (row) =>
        stateToWire(toState(row), { taskRunId, ...(row.flow_run_id ? { flowRunId: String(row.flow_run_id) } : {}) }),
      ),
    flows: (criteria, sort, page) => list(rows(flowsQuery(flowsWhere(criteria), sort, page)), (row) => flowToWire(toFlow(row))),
    countFlows: (criteria) => countOf(statements, 'flow f', flowsWhere(criteria)),
    deployments: ({ ready = [], polled = {}, ...criteria }, sort, page) => {
      const served = new Set(ready)
      return list(rows(deploymentsQuery(deploymentsWhere(criteria), sort, page)), (row) => {
        const deployment = toDeployment(row)
        return deploymentToWire(deployment, { ready: served.has(deployment.id), lastPolled: polled[deployment.id] ?? null })
      })
    },
    countDeployments: (criteria) => countOf(statements, 'deployment d', deploymentsWhere(criteria)),
    taskRuns: (criteria, sort, page, now) =>
      list(rows(taskRunsQuery(taskRunsWhere(criteria), sort, page)), (row) => taskRunToWire(toTaskRun(row), now)),
    countTaskRuns: (criteria) => countOf(statements, 'task_run t', taskRunsWhere(criteria)),
    taskRunHistory: (criteria, span, now) =>
      JSON.stringify(taskRunHistory(statements, { where: taskRunsWhere(criteria), span, now })),
    logs: (filter, sort, page) => list(rows(logsQuery(logCondition(filter), sort, page)), (row) => logToWire(toLog(row))),
    automations: (filter, sort, page) =>
      list(rows(automationsQuery(automationCondition(filter), sort, page)), (row) => automationToWire(toAutomation(row))),
    countAutomations: (filter) => countOf(statements, 'automation a', automationCondition(filter)),
    variables: (filter, sort, page) =>
      list(rows(variablesQuery(variableCondition(filter), sort, page)), (row) => variableToWire(toVariable(row))),
    countVariables: (filter) => countOf(statements, 'variable v', variableCondition(filter)),
    events: (query) => listEvents(statements, query),
    countEvents: (query) => countEvents(statements, query),
    hooks: () => list(statements.all('select * from hook order by name'), (row) => hookToWire(toHook(row))),
    verdicts: (eventId): readonly Verdict[] =>
      statements.all('select * from verdict where event_id = ? order by at, place', eventId).map(toVerdict),
    chunks: (runId, after, limit) => readChunks(statements, runId, after, limit),
    countOld: (before) => countOld(statements, before),
  }
}
