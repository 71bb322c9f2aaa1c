/**
 * The contract: one table of every route that is served, the only definition of the API. Server routes, the typed
 * client, the OpenAPI page and `docs/compatibility.md` are made from it. Paths stand as Prefect writes them, under `/api`.
 *
 * It loads zod, so it is not part of the package's main entry: clients take its types alone.
 */
import type * as z from 'zod'
import type { Json } from '../json.ts'
import * as concurrency from './schemas/concurrency.ts'
import * as deployments from './schemas/deployments.ts'
import * as events from './schemas/events.ts'
import * as lists from './schemas/lists.ts'
import * as requests from './schemas/requests.ts'
import * as runs from './schemas/runs.ts'
import * as variables from './schemas/variables.ts'
import type {
  AutomationWire,
  DeploymentScheduleWire,
  DeploymentWire,
  EventCountWire,
  EventPageWire,
  EventWire,
  ExecutorWire,
  FlowRunWire,
  FlowWire,
  HistoryWire,
  HookWire,
  LogWire,
  OrchestrationWire,
  PageWire,
  PruneWire,
  RunInputWire,
  RunWhyWire,
  StateWire,
  TaskRunWire,
  TimelineWire,
  VariableWire,
  VerdictWire,
  WhyWire,
} from './wire-types.ts'

/** Carries the type of an answer; there is nothing in it at run time. */
export interface Answer<T> {
  readonly type?: T
}
const answer = <T>(): Answer<T> => ({})

export interface Route {
  readonly summary: string
  /** Query parameters, and whether each must be there. */
  readonly query?: Readonly<Record<string, 'required' | 'optional'>>
  readonly body?: z.ZodType
  /** A request without a body counts as `{}`. */
  readonly bodyOptional?: true
  /** Unknown fields of the body are refused. */
  readonly strict: boolean
  readonly success: number
  /** An addition of ours: not a route of Prefect's. */
  readonly ours: boolean
  readonly answer: Answer<unknown>
}

const prefect = { ours: false, strict: false, success: 200 } as const
const own = { ours: true, strict: true, success: 200 } as const

/** Method and path → what it takes and gives. */
export const ROUTES = {
  // The server itself
  'GET /health': { ...prefect, summary: 'Is the server up?', answer: answer<true>() },
  'GET /ready': { ...prefect, summary: 'Can it work?', answer: answer<{ message: string }>() },
  'GET /version': { ...prefect, summary: "The version of Prefect's API that is spoken", answer: answer<string>() },
  'GET /hello': { ...prefect, summary: 'Says hello', answer: answer<string>() },
  'GET /admin/version': { ...prefect, summary: "The server's version, in Prefect's numbering", answer: answer<string>() },
  'GET /admin/storage': {
    ...prefect,
    summary: 'Where results are kept by default: nowhere on the server',
    answer: answer<{ default_result_storage_block_id: null }>(),
  },
  'DELETE /admin/storage': {
    ...prefect,
    summary: 'Results are kept nowhere by default',
    success: 204,
    answer: answer<void>(),
  },
  'GET /csrf-token': {
    ...prefect,
    summary: 'Answers 422: CSRF tokens are off, requests are held to Host, Origin and content type',
    query: { client: 'optional' },
    answer: answer<never>(),
  },
  'POST /admin/database/prune': {
    ...own,
    summary: 'Removes what ended long ago, or counts it; answers when all of it is removed',
    body: requests.prune,
    bodyOptional: true,
    answer: answer<PruneWire>(),
  },
  'GET /openapi.json': { ...own, summary: 'This contract as OpenAPI', answer: answer<Record<string, Json>>() },

  // Events
  'POST /events': {
    ...prefect,
    summary: 'Sends one event or a list; answers when they are on disk',
    body: requests.events,
    success: 204,
    answer: answer<void>(),
  },
  'POST /events/filter': {
    ...prefect,
    summary: 'Events: those that came in, and those that states are',
    body: events.eventsFilter,
    bodyOptional: true,
    answer: answer<EventPageWire>(),
  },
  'GET /events/filter/next': {
    ...prefect,
    summary: 'The next page of a list of events',
    query: { 'page-token': 'required' },
    answer: answer<EventPageWire>(),
  },
  'POST /events/count-by/{countable}': {
    ...prefect,
    summary: 'How many events there are, by `time`, `day`, `event` or `resource`',
    body: events.eventsCount,
    answer: answer<EventCountWire[]>(),
  },
  'GET /events/{id}': { ...own, summary: 'An event', answer: answer<EventWire>() },
  'GET /events/{id}/verdicts': { ...own, summary: 'What became of it with each automation', answer: answer<VerdictWire[]>() },
  'GET /events/{id}/why/{automation_id}': {
    ...own,
    summary: 'Why it did or did not fire an automation',
    answer: answer<WhyWire>(),
  },

  // Hooks
  'POST /hooks': {
    ...own,
    summary: 'Creates an inbound hook; its secret is shown this once',
    body: requests.hookCreate,
    success: 201,
    answer: answer<HookWire & { secret: string | null; path: string }>(),
  },
  'GET /hooks': { ...own, summary: 'Hooks', answer: answer<HookWire[]>() },
  'DELETE /hooks/{name}': { ...own, summary: 'Deletes a hook', success: 204, answer: answer<void>() },
  'POST /hooks/{name}': {
    ...own,
    summary: 'Takes a delivery in: any JSON, form or text becomes an event',
    strict: false,
    success: 202,
    answer: answer<{ event_id: string }>(),
  },

  // Flows and deployments
  'POST /flows/': {
    ...prefect,
    summary: 'Creates a flow, or finds it by its name',
    body: requests.flowCreate,
    strict: true,
    success: 201,
    answer: answer<FlowWire>(),
  },
  'GET /flows/{id}': { ...prefect, summary: 'A flow', answer: answer<FlowWire>() },
  'GET /flows/name/{name}': { ...prefect, summary: 'A flow by its name', answer: answer<FlowWire>() },
  'POST /flows/filter': {
    ...prefect,
    summary: 'Flows',
    body: lists.flowsFilter,
    bodyOptional: true,
    answer: answer<FlowWire[]>(),
  },
  'POST /flows/count': {
    ...prefect,
    summary: 'How many flows there are',
    body: lists.flowsCount,
    bodyOptional: true,
    answer: answer<number>(),
  },
  'POST /flows/paginate': {
    ...prefect,
    summary: 'A page of flows',
    body: lists.flowsPaginate,
    bodyOptional: true,
    answer: answer<PageWire<FlowWire>>(),
  },
  'POST /deployments/': {
    ...prefect,
    summary: 'Creates a deployment, or changes it',
    body: deployments.deploymentCreate,
    strict: true,
    success: 201,
    answer: answer<DeploymentWire>(),
  },
  'GET /deployments/{id}': { ...prefect, summary: 'A deployment', answer: answer<DeploymentWire>() },
  'GET /deployments/name/{flow_name}/{deployment_name}': {
    ...prefect,
    summary: 'A deployment by its names',
    answer: answer<DeploymentWire>(),
  },
  'POST /deployments/filter': {
    ...prefect,
    summary: 'Deployments',
    body: lists.deploymentsFilter,
    bodyOptional: true,
    answer: answer<DeploymentWire[]>(),
  },
  'POST /deployments/count': {
    ...prefect,
    summary: 'How many deployments there are',
    body: lists.deploymentsCount,
    bodyOptional: true,
    answer: answer<number>(),
  },
  'POST /deployments/paginate': {
    ...prefect,
    summary: 'A page of deployments',
    body: lists.deploymentsPaginate,
    bodyOptional: true,
    answer: answer<PageWire<DeploymentWire>>(),
  },
  'PATCH /deployments/{id}': {
    ...prefect,
    summary: 'Changes the fields of a deployment that are given',
    body: deployments.deploymentUpdate,
    strict: true,
    success: 204,
    answer: answer<void>(),
  },
  'POST /deployments/get_scheduled_flow_runs': {
    ...prefect,
    summary: "Due runs of these deployments, for Prefect's runners; held open until there is one",
    body: deployments.scheduledRuns,
    answer: answer<FlowRunWire[]>(),
  },
  'GET /deployments/{id}/schedules': {
    ...prefect,
    summary: 'The schedules of a deployment',
    answer: answer<DeploymentScheduleWire[]>(),
  },
  'POST /deployments/{id}/schedules': {
    ...prefect,
    summary: 'Adds schedules to a deployment',
    body: deployments.scheduleCreates,
    strict: true,
    success: 201,
    answer: answer<DeploymentScheduleWire[]>(),
  },
  'PATCH /deployments/{id}/schedules/{schedule_id}': {
    ...prefect,
    summary: 'Changes a schedule',
    body: deployments.scheduleUpdate,
    strict: true,
    success: 204,
    answer: answer<void>(),
  },
  'DELETE /deployments/{id}/schedules/{schedule_id}': {
    ...prefect,
    summary: 'Deletes a schedule',
    success: 204,
    answer: answer<void>(),
  },
  'DELETE /deployments/{id}': { ...prefect, summary: 'Deletes a deployment', success: 204, answer: answer<void>() },
  'POST /deployments/{id}/create_flow_run': {
    ...prefect,
    summary: 'Starts a run of it',
    body: deployments.createFlowRun,
    bodyOptional: true,
    strict: true,
    success: 201,
    answer: answer<FlowRunWire>(),
  },
  'POST /deployments/{id}/pause_deployment': { ...prefect, summary: 'Pauses a deployment', answer: answer<void>() },
  'POST /deployments/{id}/resume_deployment': { ...prefect, summary: 'Resumes a deployment', answer: answer<void>() },

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

  // Automations
  'POST /automations/': {
    ...prefect,
    summary: 'Creates an automation',
    body: requests.automationCreate,
    strict: true,
    success: 201,
    answer: answer<AutomationWire>(),
  },
  'GET /automations/{id}': { ...prefect, summary: 'An automation', answer: answer<AutomationWire>() },
  'PUT /automations/{id}': {
    ...prefect,
    summary: 'Replaces an automation',
    body: requests.automationUpdate,
    strict: true,
    success: 204,
    answer: answer<void>(),
  },
  'PATCH /automations/{id}': {
    ...prefect,
    summary: 'Enables or disables an automation',
    body: requests.automationPatch,
    strict: true,
    success: 204,
    answer: answer<void>(),
  },
  'DELETE /automations/{id}': { ...prefect, summary: 'Deletes an automation', success: 204, answer: answer<void>() },
  'POST /automations/filter': {
    ...prefect,
    summary: 'Automations',
    body: lists.automationsFilter,
    bodyOptional: true,
    answer: answer<AutomationWire[]>(),
  },
  'DELETE /automations/owned-by/{resource_id}': {
    ...prefect,
    summary: "Deletes a resource's automations",
    success: 202,
    answer: answer<void>(),
  },
  'POST /automations/test': {
    ...own,
    summary: 'What an event would do, without storing anything',
    body: requests.automationTest,
    answer: answer<WhyWire[]>(),
  },

  'POST /automations/count': {
    ...prefect,
    summary: 'How many automations there are',
    body: lists.automationsCount,
    bodyOptional: true,
    answer: answer<number>(),
  },
  'GET /automations/related-to/{resource_id}': {
    ...prefect,
    summary: 'Automations that act on a resource, or belong to it',
    answer: answer<AutomationWire[]>(),
  },

  // Variables
  'POST /variables/filter': {
    ...prefect,
    summary: 'Variables',
    body: lists.variablesFilter,
    bodyOptional: true,
    answer: answer<VariableWire[]>(),
  },
  'POST /variables/count': {
    ...prefect,
    summary: 'How many variables there are',
    body: lists.variablesCount,
    bodyOptional: true,
    answer: answer<number>(),
  },
  'POST /variables/': {
    ...prefect,
    summary: 'Creates a variable',
    body: variables.variableCreate,
    strict: true,
    success: 201,
    answer: answer<VariableWire>(),
  },
  'GET /variables/{id}': { ...prefect, summary: 'A variable', answer: answer<VariableWire>() },
  'GET /variables/name/{name}': { ...prefect, summary: 'A variable by its name', answer: answer<VariableWire>() },
  'PATCH /variables/{id}': {
    ...prefect,
    summary: 'Changes a variable',
    body: variables.variableUpdate,
    strict: true,
    success: 204,
    answer: answer<void>(),
  },
  'PATCH /variables/name/{name}': {
    ...prefect,
    summary: 'Changes a variable by its name',
    body: variables.variableUpdate,
    strict: true,
    success: 204,
    answer: answer<void>(),
  },
  'DELETE /variables/{id}': { ...prefect, summary: 'Deletes a variable', success: 204, answer: answer<void>() },
  'DELETE /variables/name/{name}': {
    ...prefect,
    summary: 'Deletes a variable by its name',
    success: 204,
    answer: answer<void>(),
  },

  // Executors
  'GET /executors': { ...own, summary: 'Connected executors', answer: answer<ExecutorWire[]>() },
  'GET /channel': {
    ...own,
    summary: 'Where executors connect; with a websocket upgrade, the channel itself',
    answer: answer<{ socket: string | null; boot_id: string }>(),
  },
} as const satisfies Readonly<Record<string, Route>>

export type Routes = typeof ROUTES
export type RouteKey = keyof Routes

/** The body of a route as its handler gets it. */
export type BodyOf<K extends RouteKey> = Routes[K] extends { body: infer Body extends z.ZodType } ? z.output<Body> : undefined
