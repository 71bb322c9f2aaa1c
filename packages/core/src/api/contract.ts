/**
 * The contract: one table of every route that is served, the only definition of the API. Server routes, the typed
 * client, the OpenAPI page and `docs/compatibility.md` are made from it. Paths stand as Prefect writes them, under `/api`.
 *
 * It loads zod, so it is not part of the package's main entry: clients take its types alone.
 */
import type * as z from 'zod'
import type { Json } from '../json.ts'
import type { Route } from './contract-route.ts'
import { answer, own, prefect } from './contract-route.ts'
import { RUN_ROUTES } from './contract-runs.ts'
import * as deployments from './schemas/deployments.ts'
import * as events from './schemas/events.ts'
import * as lists from './schemas/lists.ts'
import * as requests from './schemas/requests.ts'
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
  HookWire,
  PageWire,
  PruneWire,
  VariableWire,
  VerdictWire,
  WhyWire,
} from './wire-types.ts'

export type { Answer, Route } from './contract-route.ts'

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

  ...RUN_ROUTES,

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
