/**
 * The typed client, made from the contract: a route's key gives the types of its parameters, body and answer.
 * The contract is imported as types alone, so a client is small and starts at once.
 */
import type * as z from 'zod'
import { AppError } from '../errors.ts'
import { followStream, type StreamChunk, type StreamEnd, type StreamOptions } from './client-stream.ts'
import { type ClientOptions, type Signal, send } from './client-transport.ts'
import type { Answer, RouteKey, Routes } from './contract.ts'

type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | PathParams<Rest> : never
type ParamsOf<K extends RouteKey> = [PathParams<K>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: Readonly<Record<PathParams<K>, string>> }
type BodyOf<K extends RouteKey> = Routes[K] extends { body: infer Body extends z.ZodType }
  ? Routes[K] extends { bodyOptional: true }
    ? { readonly body?: z.input<Body> }
    : { readonly body: z.input<Body> }
  : { readonly body?: unknown }
type QueryOf<K extends RouteKey> = Routes[K] extends { query: infer Query }
  ? { readonly query?: { readonly [Name in keyof Query]?: string } }
  : { readonly query?: undefined }

export type CallOptions<K extends RouteKey> = ParamsOf<K> & BodyOf<K> & QueryOf<K> & { readonly signal?: Signal }
export type AnswerOf<K extends RouteKey> = Routes[K]['answer'] extends Answer<infer T> ? T : never
export type RequestBody<K extends RouteKey> = NonNullable<CallOptions<K>['body']>

type Call = <K extends RouteKey>(
  key: K,
  ...options: object extends CallOptions<K> ? [CallOptions<K>?] : [CallOptions<K>]
) => Promise<AnswerOf<K>>

interface LooseOptions {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly signal?: Signal
}

/** In an address `.`, `..` and nothing are no names but ways to go, escaped or not: another route would answer. */
function segmentOf(template: string, value: string): string {
  if (value !== '' && value !== '.' && value !== '..') return encodeURIComponent(value)
  const thing = template.split('/')[1]?.replace('_', ' ').replace(/s$/, '')
  throw new AppError('not_found', `There is no ${thing} ${JSON.stringify(value)}.`)
}

/** `/flows/{id}` and its values as a path; ids with a slash in them stay one part. */
function pathOf(template: string, { params = {}, query = {} }: LooseOptions): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => segmentOf(template, params[name] ?? ''))
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined)
  if (pairs.length === 0) return path
  return `${path}?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
}

async function callRoute(client: ClientOptions, key: string, options: LooseOptions): Promise<unknown> {
  const [method = 'GET', template = '/'] = key.split(' ')
  const body = options.body === undefined && method === 'POST' ? {} : options.body
  const { signal } = options
  const response = await send(client, {
    method,
    path: pathOf(template, options),
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  })
  const text = await response.text()
  return text === '' ? undefined : JSON.parse(text)
}

export type Client = ReturnType<typeof createClient>

export function createClient(options: ClientOptions) {
  const call = ((key: string, given: LooseOptions = {}) => callRoute(options, key, given)) as Call
  const id = (value: string) => ({ params: { id: value } })
  return {
    apiUrl: options.apiUrl,
    call,

    /** Sends an event, or a list of them; settles when they are on disk. */
    emit: (event: RequestBody<'POST /events'>) => call('POST /events', { body: event }),
    event: (eventId: string) => call('GET /events/{id}', id(eventId)),
    verdicts: (eventId: string) => call('GET /events/{id}/verdicts', id(eventId)),
    why: (eventId: string, automationId: string) =>
      call('GET /events/{id}/why/{automation_id}', { params: { id: eventId, automation_id: automationId } }),

    deployment: (deploymentId: string) => call('GET /deployments/{id}', id(deploymentId)),
    deploymentByName: (flowName: string, name: string) =>
      call('GET /deployments/name/{flow_name}/{deployment_name}', { params: { flow_name: flowName, deployment_name: name } }),
    filterDeployments: (body: RequestBody<'POST /deployments/filter'> = {}) => call('POST /deployments/filter', { body }),
    createFlowRun: (deploymentId: string, body: RequestBody<'POST /deployments/{id}/create_flow_run'> = {}) =>
      call('POST /deployments/{id}/create_flow_run', { ...id(deploymentId), body }),

    flowRun: (runId: string) => call('GET /flow_runs/{id}', id(runId)),
    filterFlowRuns: (body: RequestBody<'POST /flow_runs/filter'> = {}) => call('POST /flow_runs/filter', { body }),
    setState: (runId: string, body: RequestBody<'POST /flow_runs/{id}/set_state'>) =>
      call('POST /flow_runs/{id}/set_state', { ...id(runId), body }),
    /** What it waits for, since when, and the command that mends it. */
    whyRun: (runId: string) => call('GET /flow_runs/{id}/why', id(runId)),
    timeline: (runId: string) => call('GET /flow_runs/{id}/timeline', id(runId)),
    logs: (body: RequestBody<'POST /logs/filter'> = {}) => call('POST /logs/filter', { body }),
    /** Waits for the run's end. */
    result: (runId: string, signal?: Signal) =>
      call('GET /flow_runs/{id}/result', { ...id(runId), ...(signal === undefined ? {} : { signal }) }),
    /** Every chunk of its stream, then how it ended. */
    stream: (runId: string, given?: StreamOptions): AsyncGenerator<StreamChunk, StreamEnd, undefined> =>
      followStream(options, runId, given),

    automations: {
      list: (body: RequestBody<'POST /automations/filter'> = {}) => call('POST /automations/filter', { body }),
      get: (automationId: string) => call('GET /automations/{id}', id(automationId)),
      create: (body: RequestBody<'POST /automations/'>) => call('POST /automations/', { body }),
      enable: (automationId: string, enabled: boolean) =>
        call('PATCH /automations/{id}', { ...id(automationId), body: { enabled } }),
      delete: (automationId: string) => call('DELETE /automations/{id}', id(automationId)),
      test: (body: RequestBody<'POST /automations/test'>) => call('POST /automations/test', { body }),
    },
    hooks: {
      list: () => call('GET /hooks'),
      create: (body: RequestBody<'POST /hooks'>) => call('POST /hooks', { body }),
      delete: (name: string) => call('DELETE /hooks/{name}', { params: { name } }),
    },
    executors: () => call('GET /executors'),
    prune: (body: RequestBody<'POST /admin/database/prune'> = {}) => call('POST /admin/database/prune', { body }),
  }
}
