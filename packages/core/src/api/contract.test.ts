/** The contract against the facts of Prefect's own OpenAPI document. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type * as z from 'zod'
import type { Automation } from '../automations/types.ts'
import type { FlowRun } from '../run.ts'
import type { State } from '../states.ts'
import { compatibilityPage } from './compatibility.ts'
import { ROUTES, type Route, type RouteKey } from './contract.ts'
import { DIFFERENCES } from './differences.ts'
import { openApiDocument } from './openapi.ts'
import { PREFECT_OPERATIONS } from './prefect-operations.ts'
import { notYet } from './schemas/common.ts'
import { shapeAt } from './validate.ts'
import {
  deploymentToWire,
  flowRunToWire,
  flowToWire,
  logToWire,
  runInputToWire,
  stateToWire,
  taskRunToWire,
  variableToWire,
} from './wire.ts'
import { automationToWire } from './wire-automations.ts'
import type { DeploymentScheduleWire, EventCountWire, EventPageWire, HistoryWire, PageWire } from './wire-types.ts'

interface Shape {
  readonly fields: Readonly<Record<string, Shape | null>>
  readonly required: readonly string[]
  readonly strict: boolean
}
interface Operation {
  readonly query: readonly string[]
  readonly body: Shape | { readonly list: Shape } | null
  readonly success: number
  readonly response: Shape | { readonly list: Shape } | null
}
const path = new URL('./prefect-schema.json', import.meta.url)
const { operations } = JSON.parse(readFileSync(path, 'utf8')) as { operations: Record<string, Operation> }
const prefectKeys = Object.keys(operations) as RouteKey[]
const shapeOf = (given: Operation['body']): Shape | null => (given && 'list' in given ? given.list : given)

test('each route that is not ours is one of Prefect', () => {
  const strangers = (Object.entries(ROUTES) as [string, Route][]).filter(
    ([key, { ours }]) => ours === PREFECT_OPERATIONS.includes(key),
  )
  expect(strangers.map(([key]) => key)).toEqual([])
})

test('the facts cover every route of Prefect that is served', () => {
  const served = (Object.entries(ROUTES) as [string, Route][]).filter(([, { ours }]) => !ours).map(([key]) => key)
  expect(Object.keys(operations).sort()).toEqual(served.sort())
})

/** A schema that lets unknown fields pass. */
function isOpen(schema: z.ZodType | undefined): boolean {
  let inner = schema as { unwrap?: () => z.ZodType; def?: { type?: string; catchall?: { def: { type: string } } } } | undefined
  while (typeof inner?.unwrap === 'function') inner = inner.unwrap() as typeof inner
  return inner?.def?.catchall?.def.type === 'unknown' || inner?.def?.type === 'record' || inner?.def?.type === 'unknown'
}

/** Every field of Prefect's body that the schema does not accept, and every one that it refuses with 501. */
function compareBody(key: RouteKey): { missing: string[]; refused: string[] } {
  const found = { missing: [] as string[], refused: [] as string[] }
  const { body } = ROUTES[key] as Route
  const shape = shapeOf(operations[key]?.body ?? null)
  if (shape === null || body === undefined) return found
  const isList = 'element' in body
  const walk = (fields: Shape['fields'], place: readonly string[]): void => {
    const known = shapeAt(body, isList ? [0, ...place] : place)
    for (const [name, inner] of Object.entries(fields)) {
      const here = [...place, name]
      const schema = known[name]
      if (schema === undefined) found.missing.push(here.join('.'))
      else if (schema === notYet) found.refused.push(here.join('.'))
      else if (inner && !isOpen(schema)) walk(inner.fields, here)
    }
  }
  walk(shape.fields, [])
  return found
}

describe('accepted fields', () => {
  test.each(prefectKeys)('%s', (key) => {
    const { missing, refused } = compareBody(key)
    const listed = DIFFERENCES.filter(({ routes }) => routes.includes(key)).flatMap((one) => one.refused)
    expect(missing).toEqual([])
    expect(refused.sort()).toEqual([...new Set(listed)].sort())
  })

  test.each(prefectKeys)('%s refuses unknown fields where Prefect does', (key) => {
    const { body, strict } = ROUTES[key] as Route
    const shape = shapeOf(operations[key]?.body ?? null)
    if (shape === null || body === undefined) return
    expect(strict).toBe(shape.strict)
    expect(isOpen(body)).toBe(!shape.strict && key !== 'POST /events')
  })

  test.each(prefectKeys)('%s needs no field that Prefect does not', (key) => {
    const { body } = ROUTES[key] as Route
    const shape = shapeOf(operations[key]?.body ?? null)
    if (shape === null || body === undefined) return
    const needed = Object.entries(shapeAt(body, [])).filter(([, schema]) => !schema.safeParse(undefined).success)
    for (const [name] of needed) expect(shape.required).toContain(name)
  })

  test.each(prefectKeys)('%s takes the query that Prefect takes', (key) => {
    expect(Object.keys((ROUTES[key] as Route).query ?? {}).sort()).toEqual([...(operations[key]?.query ?? [])].sort())
  })
})

const state: State = {
  id: 's',
  type: 'RUNNING',
  name: 'Running',
  at: 1,
  message: null,
  data: null,
  details: {},
  scheduledAt: null,
  follows: null,
}
const run: FlowRun = {
  id: 'r',
  name: 'n',
  flowId: 'f',
  deploymentId: null,
  versionId: null,
  parameters: {},
  tags: [],
  labels: {},
  idempotencyKey: null,
  createdBy: { id: null, type: 'AUTOMATION', display_value: null },
  parentTaskRunId: null,
  kept: null,
  state,
  runCount: 1,
  epoch: 1,
  sessionId: null,
  retries: 0,
  retryDelayMs: 0,
  expectedStartAt: 1,
  nextScheduledAt: null,
  startAt: 2_000_001,
  endAt: null,
  totalRunMicros: 1_500_000,
  causeEventId: null,
  chainDepth: 0,
  marks: { 1: { boot: 'b', at: { received: 0, first_line: 1234 } } },
  createdAt: 1,
  updatedAt: 1,
}
const automation: Automation = {
  id: 'a',
  name: 'n',
  description: '',
  enabled: true,
  tags: [],
  trigger: {
    type: 'event',
    id: 't',
    match: {},
    match_related: [],
    after: [],
    expect: [],
    for_each: [],
    posture: 'Reactive',
    threshold: 1,
    within: 0,
  },
  actions: [{ type: 'do-nothing' }],
  actionsOnTrigger: [],
  actionsOnResolve: [],
  ownerResource: null,
  createdAt: 1,
  updatedAt: 1,
}
const wireRun = flowRunToWire(run)
const wireState = stateToWire(state)
const wireFlow = flowToWire({ id: 'f', name: 'n', tags: [], labels: {}, createdAt: 1, updatedAt: 1 })
const wireDeployment = deploymentToWire({
  id: 'd',
  flowId: 'f',
  flowName: 'f',
  name: 'n',
  versionId: null,
  version: null,
  description: null,
  entrypoint: null,
  paused: false,
  tags: [],
  labels: {},
  parameters: {},
  parameterSchema: null,
  enforceParameterSchema: true,
  retries: 0,
  retryDelayMs: 0,
  kept: {},
  createdBy: null,
  createdAt: 1,
  updatedAt: 1,
})
const wireTaskRun = taskRunToWire({
  id: 't',
  flowRunId: 'r',
  taskKey: 'k',
  dynamicKey: 'd',
  name: 'n',
  tags: [],
  state,
  runCount: 1,
  expectedStartAt: null,
  startAt: 1,
  endAt: 2,
  kept: null,
  createdAt: 1,
  updatedAt: 1,
})
const wireLog = logToWire({ id: 'l', flowRunId: 'r', taskRunId: null, name: 'n', level: 20, message: 'm', at: 1 })
const orchestration = { state: wireState, status: 'ACCEPT', details: { type: 'accept_details' } }

const wireSchedule: DeploymentScheduleWire = {
  id: 's',
  created: '1970-01-01T00:00:00.000001Z',
  updated: '1970-01-01T00:00:00.000001Z',
  deployment_id: 'd',
  schedule: { interval: 60, anchor_date: '1970-01-01T00:00:00.000001Z', timezone: 'UTC' },
  active: false,
  max_scheduled_runs: null,
  parameters: {},
  slug: null,
}
const wireVariable = variableToWire({ id: 'v', name: 'v', value: 1, tags: [], createdAt: 1, updatedAt: 1 })
const eventPage: EventPageWire = { events: [], total: 0, next_page: null }
const eventCount: EventCountWire = { value: '0', label: 'l', count: 1, start_time: 's', end_time: 'e' }

const wirePage: PageWire<unknown> = { results: [], count: 0, limit: 200, pages: 0, page: 1 }
const wireHistory: HistoryWire = {
  interval_start: '',
  interval_end: '',
  states: [{ state_type: 'RUNNING', state_name: 'Running', count_runs: 1, sum_estimated_run_time: 0, sum_estimated_lateness: 0 }],
}

/** What the routes answer with, as the wire functions make it. */
const ANSWERS: Partial<Record<RouteKey, object>> = {
  'GET /admin/storage': { default_result_storage_block_id: null },
  'POST /events/filter': eventPage,
  'GET /events/filter/next': eventPage,
  'POST /events/count-by/{countable}': eventCount,
  'POST /variables/': wireVariable,
  'GET /variables/{id}': wireVariable,
  'GET /variables/name/{name}': wireVariable,
  'POST /flows/': wireFlow,
  'GET /flows/{id}': wireFlow,
  'GET /flows/name/{name}': wireFlow,
  'POST /flows/filter': wireFlow,
  'POST /deployments/': wireDeployment,
  'GET /deployments/{id}': wireDeployment,
  'GET /deployments/name/{flow_name}/{deployment_name}': wireDeployment,
  'POST /deployments/filter': wireDeployment,
  'POST /deployments/{id}/create_flow_run': wireRun,
  'POST /deployments/get_scheduled_flow_runs': wireRun,
  'GET /deployments/{id}/schedules': wireSchedule,
  'POST /deployments/{id}/schedules': wireSchedule,
  'GET /flow_runs/{id}': wireRun,
  'POST /flow_runs/filter': wireRun,
  'POST /flow_runs/paginate': wirePage,
  'POST /flow_runs/history': wireHistory,
  'POST /task_runs/paginate': wirePage,
  'POST /task_runs/history': wireHistory,
  'POST /flows/paginate': wirePage,
  'POST /deployments/paginate': wirePage,
  'POST /variables/filter': wireVariable,
  'POST /flow_runs/{id}/set_state': orchestration,
  'POST /flow_runs/': wireRun,
  'POST /flow_runs/{id}/resume': orchestration,
  'POST /flow_runs/{id}/input/filter': runInputToWire({ flowRunId: 'r', key: 'k', value: 'v', sender: null, createdAt: 1 }),
  'POST /task_runs/': wireTaskRun,
  'POST /task_runs/{id}/set_state': orchestration,
  'GET /task_run_states/': wireState,
  'GET /task_run_states/{id}': wireState,
  'POST /v2/concurrency_limits/increment-with-lease': { lease_id: 'l', limits: [] },
  'GET /flow_run_states/': wireState,
  'GET /flow_run_states/{id}': wireState,
  'GET /task_runs/{id}': wireTaskRun,
  'POST /task_runs/filter': wireTaskRun,
  'POST /logs/filter': wireLog,
  'GET /automations/related-to/{resource_id}': automationToWire(automation),
  'POST /automations/': automationToWire(automation),
  'GET /automations/{id}': automationToWire(automation),
  'POST /automations/filter': automationToWire(automation),
}

/** Lists that have nothing in them yet. */
const ALWAYS_EMPTY = new Set<RouteKey>(['POST /v2/concurrency_limits/increment', 'POST /v2/concurrency_limits/decrement'])

describe('answered fields', () => {
  const withFields = prefectKeys.filter((key) => shapeOf(operations[key]?.response ?? null) !== null)

  test.each(withFields)('%s', (key) => {
    if (ALWAYS_EMPTY.has(key)) return
    if (key === 'GET /csrf-token') return // always 422, see the differences
    const missing: string[] = []
    const walk = (shape: Shape, answer: Record<string, unknown>, place: string): void => {
      for (const [name, inner] of Object.entries(shape.fields)) {
        const given = answer[name]
        if (given === undefined) missing.push(place + name)
        else if (inner && typeof given === 'object' && given !== null && !Array.isArray(given)) {
          walk(inner, given as Record<string, unknown>, `${place}${name}.`)
        }
      }
    }
    const shape = shapeOf(operations[key]?.response ?? null)
    if (shape) walk(shape, (ANSWERS[key] ?? {}) as Record<string, unknown>, '')
    expect(missing).toEqual([])
  })
})

test('moments have 6 digits and Z, lengths of time are seconds', () => {
  expect(wireRun.created).toBe('1970-01-01T00:00:00.000001Z')
  expect(wireRun).toMatchObject({ total_run_time: 1.5, estimated_start_time_delta: 2, first_line_ms: 1.234 })
})

test('the OpenAPI document has every route', () => {
  const { paths } = openApiDocument('1.0.0') as { paths: Record<string, Record<string, unknown>> }
  const keys = Object.entries(paths).flatMap(([route, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${route}`),
  )
  expect(keys.sort()).toEqual(Object.keys(ROUTES).sort())
})

test('docs/compatibility.md is current: write it with "node packages/core/scripts/write-compatibility.ts"', () => {
  const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')
  expect(read('docs/compatibility.md')).toBe(compatibilityPage(JSON.parse(read('tests/conformance/operations.json'))))
})
