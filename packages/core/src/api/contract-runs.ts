/** The part of the contract that is about runs: flow runs, task runs, log lines, and slots of limits. */
import type { Json } from '../json.ts'
import { answer, own, prefect } from './contract-route.ts'
import * as concurrency from './schemas/concurrency.ts'
import * as lists from './schemas/lists.ts'
import * as requests from './schemas/requests.ts'
import * as runs from './schemas/runs.ts'
import * as variables from './schemas/variables.ts'
import type {
  FlowRunWire,
  HistoryWire,
  LogWire,
  OrchestrationWire,
  PageWire,
  RunInputWire,
  RunWhyWire,
  StateWire,
  TaskRunWire,
  TimelineWire,
} from './wire-types.ts'

export const RUN_ROUTES = {
  // Flow runs
  'POST /flow_runs/': {
    ...prefect,
    summary: 'Creates a run that whoever asks for it starts, or finds it by its idempotency key',
    body: runs.flowRunCreate,
    strict: true,
    success: 201,
    answer: answer<FlowRunWire>(),
  },
  'PATCH /flow_runs/{id}': {
    ...prefect,
    summary: 'Changes what is given of a flow run',
    body: runs.flowRunUpdate,
    strict: true,
    success: 204,
    answer: answer<void>(),
  },
  'PATCH /flow_runs/{id}/labels': {
    ...prefect,
    summary: 'Puts labels beside those it has',
    body: runs.flowRunLabels,
    success: 204,
    answer: answer<void>(),
  },
  'POST /flow_runs/{id}/resume': {
    ...prefect,
    summary: 'Lets a paused run go on, with what it asked for',
    body: runs.resume,
    bodyOptional: true,
    answer: answer<OrchestrationWire>(),
  },
  'POST /flow_runs/{id}/input': {
    ...prefect,
    summary: 'Sends something to a run while it runs',
    body: runs.runInput,
    success: 201,
    answer: answer<void>(),
  },
  'POST /flow_runs/{id}/input/filter': {
    ...prefect,
    summary: 'What was sent to a run, oldest first',
    body: runs.runInputsFilter,
    answer: answer<RunInputWire[]>(),
  },
  'GET /flow_runs/{id}/input/{key}': { ...prefect, summary: 'An input of a run, as text', answer: answer<string>() },
  'DELETE /flow_runs/{id}/input/{key}': {
    ...prefect,
    summary: 'Deletes an input of a run',
    success: 204,
    answer: answer<void>(),
  },
  'GET /flow_runs/{id}': { ...prefect, summary: 'A flow run', answer: answer<FlowRunWire>() },
  'POST /flow_runs/filter': {
    ...prefect,
    summary: 'Flow runs',
    body: lists.flowRunsFilter,
    bodyOptional: true,
    answer: answer<FlowRunWire[]>(),
  },
  'POST /flow_runs/count': {
    ...prefect,
    summary: 'How many flow runs there are',
    body: lists.flowRunsCount,
    bodyOptional: true,
    answer: answer<number>(),
  },
  'POST /flow_runs/paginate': {
    ...prefect,
    summary: 'A page of flow runs',
    body: lists.flowRunsPaginate,
    bodyOptional: true,
    answer: answer<PageWire<FlowRunWire>>(),
  },
  'POST /flow_runs/history': {
    ...prefect,
    summary: 'Flow runs by interval and state',
    body: lists.flowRunsHistory,
    answer: answer<HistoryWire[]>(),
  },
  'POST /flow_runs/lateness': {
    ...prefect,
    summary: 'How late flow runs started, on average',
    body: lists.flowRunsCount,
    bodyOptional: true,
    answer: answer<number | null>(),
  },
  'POST /flow_runs/{id}/set_state': {
    ...prefect,
    summary: 'Proposes a state',
    body: requests.setState,
    success: 201,
    answer: answer<OrchestrationWire>(),
  },
  'DELETE /flow_runs/{id}': { ...prefect, summary: 'Deletes a flow run', success: 204, answer: answer<void>() },
  'GET /flow_runs/{id}/timeline': { ...own, summary: 'Where its time went', answer: answer<TimelineWire>() },
  'GET /flow_runs/{id}/why': {
    ...own,
    summary: 'What it waits for, since when, and the command that mends it',
    answer: answer<RunWhyWire>(),
  },
  'GET /flow_runs/{id}/stream': {
    ...own,
    summary: 'Its stream as server-sent events; resumable with Last-Event-ID',
    query: { after: 'optional' },
    answer: answer<never>(),
  },
  'GET /flow_runs/{id}/result': {
    ...own,
    summary: 'Its final state and the value it returned; held open until its end',
    answer: answer<{ state: StateWire; result: Json }>(),
  },
  'GET /flow_run_states/': {
    ...prefect,
    summary: 'The states of a flow run',
    query: { flow_run_id: 'required' },
    answer: answer<StateWire[]>(),
  },
  'GET /flow_run_states/{id}': { ...prefect, summary: 'A state', answer: answer<StateWire>() },

  // Task runs and logs
  'POST /task_runs/': {
    ...prefect,
    summary: 'Creates a task run, or finds it by its keys',
    body: runs.taskRunCreate,
    strict: true,
    success: 201,
    answer: answer<TaskRunWire>(),
  },
  'PATCH /task_runs/{id}': {
    ...prefect,
    summary: 'Names a task run',
    body: runs.taskRunUpdate,
    strict: true,
    success: 204,
    answer: answer<void>(),
  },
  'DELETE /task_runs/{id}': { ...prefect, summary: 'Deletes a task run', success: 204, answer: answer<void>() },
  'POST /task_runs/{id}/set_state': {
    ...prefect,
    summary: 'Proposes a state of a task run',
    body: requests.setState,
    answer: answer<OrchestrationWire>(),
  },
  'GET /task_run_states/': {
    ...prefect,
    summary: 'The states of a task run',
    query: { task_run_id: 'required' },
    answer: answer<StateWire[]>(),
  },
  'GET /task_run_states/{id}': { ...prefect, summary: 'A state of a task run', answer: answer<StateWire>() },
  'GET /task_runs/{id}': { ...prefect, summary: 'A task run', answer: answer<TaskRunWire>() },
  'POST /task_runs/filter': {
    ...prefect,
    summary: 'Task runs',
    body: lists.taskRunsFilter,
    bodyOptional: true,
    answer: answer<TaskRunWire[]>(),
  },
  'POST /task_runs/count': {
    ...prefect,
    summary: 'How many task runs there are',
    body: lists.taskRunsCount,
    bodyOptional: true,
    answer: answer<number>(),
  },
  'POST /task_runs/paginate': {
    ...prefect,
    summary: 'A page of task runs',
    body: lists.taskRunsPaginate,
    bodyOptional: true,
    answer: answer<PageWire<TaskRunWire>>(),
  },
  'POST /task_runs/history': {
    ...prefect,
    summary: 'Task runs by interval and state',
    body: lists.taskRunsHistory,
    answer: answer<HistoryWire[]>(),
  },
  'POST /logs/': {
    ...prefect,
    summary: 'Takes log lines; answers when they are on disk',
    body: variables.logCreates,
    strict: true,
    success: 201,
    answer: answer<void>(),
  },
  'POST /logs/filter': {
    ...prefect,
    summary: 'Log lines',
    body: lists.logsFilter,
    bodyOptional: true,
    answer: answer<LogWire[]>(),
  },

  // Concurrency limits: none exists yet
  'POST /v2/concurrency_limits/increment': {
    ...prefect,
    summary: 'Takes slots of those limits that exist: none',
    body: concurrency.increment,
    answer: answer<never[]>(),
  },
  'POST /v2/concurrency_limits/increment-with-lease': {
    ...prefect,
    summary: 'Takes slots of those limits that exist: none',
    body: concurrency.incrementWithLease,
    answer: answer<{ lease_id: string; limits: never[] }>(),
  },
  'POST /v2/concurrency_limits/decrement': {
    ...prefect,
    summary: 'Gives slots back',
    body: concurrency.decrement,
    answer: answer<never[]>(),
  },
  'POST /v2/concurrency_limits/decrement-with-lease': {
    ...prefect,
    summary: 'Gives slots back',
    body: concurrency.decrementWithLease,
    success: 204,
    answer: answer<void>(),
  },
  'POST /v2/concurrency_limits/leases/{lease_id}/renew': {
    ...prefect,
    summary: 'Holds slots longer',
    body: concurrency.renewLease,
    bodyOptional: true,
    success: 204,
    answer: answer<void>(),
  },
} as const
