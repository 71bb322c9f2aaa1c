/** Rows and filters at random, from few values, so that filters find something. */
import {
  type Automation,
  type Deployment,
  enterState,
  type Flow,
  type FlowRun,
  isTerminal,
  type Log,
  STATE_TYPES,
  type TaskRun,
  toIso,
  type Variable,
} from '@pilotflame/core'
import fc from 'fast-check'
import type { Store } from '../store.ts'
import type { World } from './plain-filters.ts'
import { AUTOMATION, DEPLOYMENT, FLOW, START, sampleRun, sampleTaskRun, uuid } from './sample-rows.ts'

const NAMES = ['otter', 'Brisk-Otter', 'fox', 'red fox', 'FOX-2', 'z']
const TAGS = ['a', 'b', 'c']
const WORDS = ['error', 'slow', 'Disk']
const KIND = { flow: 1, deployment: 2, state: 5, run: 9, automation: 10, task: 11, log: 15, variable: 16, taskState: 25 }

const name = fc.constantFrom(...NAMES)
const tags = fc.subarray(TAGS)
const micros = fc.integer({ min: 0, max: 9 }).map((n) => START + n)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null })
const idOf = (kind: number, max: number): fc.Arbitrary<string> => fc.integer({ min: 1, max }).map((n) => uuid(kind, n))
const stateType = fc.constantFrom(...STATE_TYPES)
const stateName = fc.constantFrom('Running', 'Late', 'Retrying')

const flow = (n: number): fc.Arbitrary<Flow> =>
  fc.record({ name: name.map((text) => `${text}${n}`), tags, createdAt: micros }).map((more) => ({
    ...FLOW,
    id: uuid(KIND.flow, n),
    ...more,
  }))

const deployment = (n: number, flows: readonly Flow[]): fc.Arbitrary<Deployment> =>
  fc
    .record({ of: fc.constantFrom(...flows.slice(1)), name, tags, paused: fc.boolean(), queue: maybe(name), createdAt: micros })
    .map(({ of, queue, name: text, ...more }) => ({
      ...DEPLOYMENT,
      ...more,
      id: uuid(KIND.deployment, n),
      name: `${text}${n}`,
      flowId: of.id,
      flowName: of.name,
      kept: (queue === null ? {} : { work_queue_name: queue }) as Deployment['kept'],
    }))

const run = (n: number, flows: readonly Flow[], deployments: readonly Deployment[]): fc.Arbitrary<FlowRun> =>
  fc
    .record({
      of: fc.constantFrom(...flows),
      deployment: maybe(fc.constantFrom(...deployments)),
      name,
      tags,
      type: stateType,
      state: maybe(stateName),
      expectedStartAt: maybe(micros),
      scheduledAt: micros,
      startAt: maybe(micros),
      endAt: micros,
      leased: fc.boolean(),
      parentTaskRunId: maybe(idOf(KIND.task, 12)),
      version: maybe(name),
      queue: maybe(name),
      keyed: fc.boolean(),
      createdBy: maybe(
        fc.record({
          id: maybe(idOf(KIND.automation, 3)),
          type: fc.constantFrom('AUTOMATION', 'USER'),
          display_value: maybe(name),
        }),
      ),
    })
    .map(({ of, deployment, type, state, scheduledAt, endAt, leased, version, queue, keyed, ...more }) => ({
      ...sampleRun(n),
      ...more,
      id: uuid(KIND.run, n),
      flowId: deployment?.flowId ?? of.id,
      deploymentId: deployment?.id ?? null,
      state: enterState({ id: uuid(KIND.state, n), type, ...(state ? { name: state } : {}), scheduledAt }, START + n, null),
      sessionId: leased && !isTerminal(type) && type !== 'SCHEDULED' ? 's' : null,
      nextScheduledAt: type === 'SCHEDULED' ? scheduledAt : null,
      endAt: isTerminal(type) ? endAt : null,
      idempotencyKey: keyed ? `key-${n % 5}-${n}` : null,
      kept: version === null && queue === null ? null : { flow_version: version, work_queue_name: queue },
    }))

const task = (n: number, runs: readonly FlowRun[]): fc.Arbitrary<TaskRun> =>
  fc
    .record({
      flowRunId: maybe(fc.constantFrom(...runs.map(({ id }) => id))),
      name,
      tags,
      type: stateType,
      state: maybe(stateName),
      expectedStartAt: maybe(micros),
      startAt: maybe(micros),
      endAt: maybe(micros),
    })
    .map(({ type, state: called, ...more }) => {
      const state = enterState({ id: uuid(KIND.taskState, n), type, ...(called ? { name: called } : {}) }, START + n, null)
      return { ...sampleTaskRun(n, '', state), ...more, state }
    })

const log = (n: number): fc.Arbitrary<Log> =>
  fc
    .record({
      flowRunId: maybe(idOf(KIND.run, 6)),
      taskRunId: maybe(idOf(KIND.task, 6)),
      name,
      level: fc.constantFrom(10, 20, 30, 40),
      message: fc.subarray(WORDS).map((words) => words.join(' ')),
      at: micros,
    })
    .map((more) => ({ id: uuid(KIND.log, n), ...more }))

const automation = (n: number): fc.Arbitrary<Automation> =>
  fc
    .record({ name, tags, createdAt: micros })
    .map((more) => ({ ...AUTOMATION, ...more, id: uuid(KIND.automation, n), ownerResource: null }))

const variable = (n: number): fc.Arbitrary<Variable> =>
  fc
    .record({ name, tags, createdAt: micros, updatedAt: micros })
    .map((more) => ({ ...more, id: uuid(KIND.variable, n), name: `${more.name}${n}`, value: n }))

const many = <T>(count: number, make: (n: number) => fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> =>
  fc.tuple(...Array.from({ length: count }, (_, index) => make(index + 1)))

export const world: fc.Arbitrary<World> = many(4, flow).chain((flows) =>
  many(5, (n) => deployment(n, flows)).chain((deployments) =>
    many(40, (n) => run(n, flows, deployments)).chain((runs) =>
      fc.record({
        flows: fc.constant(flows),
        deployments: fc.constant(deployments),
        runs: fc.constant(runs),
        tasks: many(30, (n) => task(n, runs)),
        logs: many(30, log),
        automations: many(8, automation),
        variables: many(8, variable),
      }),
    ),
  ),
)

export async function fill(store: Store, rows: World): Promise<void> {
  await store.transaction(async (tx) => {
    for (const row of rows.flows) tx.saveFlow(row)
    for (const row of rows.deployments) tx.saveDeployment(row)
    for (const row of rows.runs) tx.insertRun(row, [row.state])
    for (const row of rows.tasks) tx.saveTaskRun(row, row.state)
    for (const row of rows.logs) tx.insertLog(row)
    for (const row of rows.automations) tx.saveAutomation(row)
    for (const row of rows.variables) tx.saveVariable(row)
  })
}

// Filters

/** Each field is there, null or not there at all. */
const some = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Record<string, unknown>> => {
  const orNull = Object.entries(fields).map(([key, value]) => [key, fc.option(value, { nil: null, freq: 4 })] as const)
  return fc.record(Object.fromEntries(orNull), { requiredKeys: [] })
}
const withOperator = <T>(filter: fc.Arbitrary<T>) =>
  fc.tuple(filter, fc.constantFrom({}, { operator: 'and_' as const }, { operator: 'or_' as const })).map(([one, more]) => ({
    ...one,
    ...more,
  }))
/** Most filters ask for a few things: one that asks for all finds nothing. */
const few = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T) =>
  fc
    .subarray(Object.keys(fields), { minLength: 0, maxLength: 3 })
    .chain((keys) => withOperator(fc.record(Object.fromEntries(keys.map((key) => [key, fields[key] as fc.Arbitrary<unknown>])))))

const idsOf = (kind: number, max: number) =>
  fc.array(
    idOf(kind, max).chain((id) => fc.constantFrom(id, id.toUpperCase())),
    { maxLength: 8 },
  )
const texts = fc.array(name, { maxLength: 4 })
const flag = fc.boolean()
const part = fc.constantFrom('', 'o', 'OTTER', 'fox', '-', '2')
const moment = micros.map(toIso)
const named = some({ any_: texts, like_: part })
const tagged = withOperator(some({ all_: tags, any_: tags, is_null_: flag }))
const taggedAll = withOperator(some({ all_: tags, is_null_: flag }))
const between = some({ before_: moment, after_: moment })
const betweenOrNull = some({ before_: moment, after_: moment, is_null_: flag })
const types = fc.array(stateType, { maxLength: 6 })
const stateNames = fc.array(stateName, { maxLength: 2 })

const runId = some({
  any_: idsOf(KIND.run, 40),
  not_any_: idsOf(KIND.run, 40),
  suffix_: fc.constantFrom('', '1', '0A', '00000012'),
})
const runState = withOperator(
  some({ type: some({ any_: types, not_any_: types }), name: some({ any_: stateNames, not_any_: stateNames }) }),
)
const ofFlowRun = withOperator(some({ any_: idsOf(KIND.run, 40), is_null_: flag }))
export const flowRunFilter = few({
  id: runId,
  name: named,
  tags: tagged,
  deployment_id: withOperator(some({ any_: idsOf(KIND.deployment, 6), is_null_: flag })),
  work_queue_name: withOperator(some({ any_: texts, is_null_: flag })),
  state: runState,
  flow_version: some({ any_: texts }),
  start_time: betweenOrNull,
  end_time: betweenOrNull,
  expected_start_time: between,
  next_scheduled_start_time: between,
  parent_flow_run_id: withOperator(some({ any_: idsOf(KIND.run, 40) })),
  parent_task_run_id: withOperator(some({ any_: idsOf(KIND.task, 12), is_null_: flag })),
  idempotency_key: some({
    any_: fc.constant(['key-1-1', 'key-2-2', 'key-3-3']),
    not_any_: fc.constantFrom([], ['key-1-1', 'key-2-2']),
  }),
  created_by: withOperator(
    some({ id_: idsOf(KIND.automation, 3), type_: fc.constantFrom(['USER'], ['AUTOMATION', 'x'], []), is_null_: flag }),
  ),
})
export const taskRunFilter = few({
  id: some({ any_: idsOf(KIND.task, 30) }),
  name: named,
  tags: taggedAll,
  state: withOperator(some({ type: some({ any_: types }), name: some({ any_: stateNames }) })),
  start_time: betweenOrNull,
  end_time: betweenOrNull,
  expected_start_time: between,
  subflow_runs: some({ exists_: flag }),
  flow_run_id: ofFlowRun,
})
export const flowFilter = few({
  id: some({ any_: idsOf(KIND.flow, 4), not_any_: idsOf(KIND.flow, 4) }),
  name: named,
  deployment: withOperator(some({ is_null_: flag })),
  tags: taggedAll,
})
export const deploymentFilter = few({
  id: some({ any_: idsOf(KIND.deployment, 5), not_any_: idsOf(KIND.deployment, 5) }),
  name: named,
  flow_or_deployment_name: some({ like_: part }),
  paused: some({ eq_: flag }),
  tags: tagged,
  work_queue_name: some({ any_: texts }),
})
const level = fc.constantFrom(10, 20, 30)
export const logFilter = few({
  level: some({ ge_: level, le_: level }),
  timestamp: between,
  flow_run_id: some({ any_: idsOf(KIND.run, 6) }),
  task_run_id: some({ any_: idsOf(KIND.task, 6), is_null_: flag }),
  text: fc.record({ query: fc.subarray([...WORDS, 'FOX']).map((words) => words.join(' ')) }),
})
export const automationFilter = few({
  id: some({ any_: idsOf(KIND.automation, 8) }),
  name: named,
  created: some({ before_: moment }),
  tags: tagged,
})
export const variableFilter = few({ id: some({ any_: idsOf(KIND.variable, 8) }), name: named, tags: taggedAll })

/** Filters of one to four kinds; and alone those that have their own ways. */
export const criteria = fc.oneof(
  { weight: 1, arbitrary: fc.record({ flow_runs: fc.record({ id: runId }) }) },
  { weight: 1, arbitrary: fc.record({ flow_runs: fc.record({ state: runState }) }) },
  { weight: 1, arbitrary: fc.record({ task_runs: fc.record({ flow_run_id: ofFlowRun }) }) },
  { weight: 3, arbitrary: fc.record({ flow_runs: flowRunFilter }) },
  { weight: 2, arbitrary: fc.record({ task_runs: taskRunFilter }) },
  { weight: 1, arbitrary: fc.record({ flows: flowFilter }) },
  { weight: 1, arbitrary: fc.record({ deployments: deploymentFilter }) },
  {
    weight: 3,
    arbitrary: some({
      flow_runs: flowRunFilter,
      task_runs: taskRunFilter,
      flows: flowFilter,
      deployments: deploymentFilter,
    }),
  },
)
