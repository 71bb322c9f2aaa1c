/**
 * The contract: one table of every route that is served, the only definition of the API. Server routes, the typed
 * client, the OpenAPI page and `docs/compatibility.md` are made from it. Paths stand as Prefect writes them, under `/api`.
 *
 * It loads zod, so it is not part of the package's main entry: clients take its types alone.
 */
import type * as z from 'zod'
import type { Json } from '../json.ts'
import * as filters from './schemas/filters.ts'
import * as requests from './schemas/requests.ts'
import type {
  AutomationWire,
  DeploymentWire,
  EventWire,
  ExecutorWire,
  FlowRunWire,
  FlowWire,
  HookWire,
  LogWire,
  OrchestrationWire,
  PruneWire,
  RunWhyWire,
  StateWire,
  TaskRunWire,
  TimelineWire,
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
    body: filters.flowsFilter,
    bodyOptional: true,
    answer: answer<FlowWire[]>(),
  },
  'POST /deployments/': {
    ...prefect,
    summary: 'Creates a deployment, or changes it',
    body: requests.deploymentCreate,
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
    body: filters.deploymentsFilter,
    bodyOptional: true,
    answer: answer<DeploymentWire[]>(),
  },
  'DELETE /deployments/{id}': { ...prefect, summary: 'Deletes a deployment', success: 204, answer: answer<void>() },
  'POST /deployments/{id}/create_flow_run': {
    ...prefect,
    summary: 'Starts a run of it',
    body: requests.createFlowRun,
    bodyOptional: true,
    strict: true,
    success: 201,
    answer: answer<FlowRunWire>(),
  },
  'POST /deployments/{id}/pause_deployment': { ...prefect, summary: 'Pauses a deployment', answer: answer<void>() },
  'POST /deployments/{id}/resume_deployment': { ...prefect, summary: 'Resumes a deployment', answer: answer<void>() },

  // Flow runs
  'GET /flow_runs/{id}': { ...prefect, summary: 'A flow run', answer: answer<FlowRunWire>() },
  'POST /flow_runs/filter': {
    ...prefect,
    summary: 'Flow runs',
    body: filters.flowRunsFilter,
    bodyOptional: true,
    answer: answer<FlowRunWire[]>(),
  },
  'POST /flow_runs/count': {
    ...prefect,
    summary: 'How many flow runs there are',
    body: filters.flowRunsCount,
    bodyOptional: true,
    answer: answer<number>(),
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
  'GET /task_runs/{id}': { ...prefect, summary: 'A task run', answer: answer<TaskRunWire>() },
  'POST /task_runs/filter': {
    ...prefect,
    summary: 'Task runs',
    body: filters.taskRunsFilter,
    bodyOptional: true,
    answer: answer<TaskRunWire[]>(),
  },
  'POST /logs/filter': {
    ...prefect,
    summary: 'Log lines',
    body: filters.logsFilter,
    bodyOptional: true,
    answer: answer<LogWire[]>(),
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
    body: filters.automationsFilter,
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
