/** Every operator of every filter, on random rows, against the same said in plain functions. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from '../store.ts'
import {
  deploymentFits,
  fitsAutomation,
  fitsLog,
  fitsVariable,
  flowFits,
  lateness,
  runFits,
  taskFits,
  type World,
} from '../test/plain-filters.ts'
import { automationFilter, criteria, fill, logFilter, variableFilter, world } from '../test/random-world.ts'
import { START } from '../test/sample-rows.ts'
import { openMemory, type TestStore } from '../test/stores.ts'
import type { Criteria } from './criteria.ts'

const RUNS = 250
const WORLDS = 3
const page = { limit: 200, offset: 0 }

const worlds: { readonly rows: World; readonly opened: TestStore }[] = []
beforeAll(async () => {
  for (const rows of fc.sample(world, WORLDS)) {
    const opened = await openMemory()
    await fill(opened.store, rows)
    worlds.push({ rows, opened })
  }
})
afterAll(() => Promise.all(worlds.map(({ opened }) => opened.end())))

const idsOf = (text: string): string[] => (JSON.parse(text) as { id: string }[]).map(({ id }) => id).sort()
const kept = <T extends { readonly id: string }>(rows: readonly T[], fits: (row: T) => boolean): string[] =>
  rows
    .filter(fits)
    .map(({ id }) => id)
    .sort()

/** Asks both for every world, many times. How often something, but not everything, was found shows that filters filter. */
async function compare<F>(
  filter: fc.Arbitrary<F>,
  ask: (store: Store, rows: World, filter: F) => Promise<number>,
): Promise<void> {
  let found = 0
  const check = fc.asyncProperty(filter, async (given) => {
    for (const { rows, opened } of worlds) found += (await ask(opened.store, rows, given)) > 0 ? 1 : 0
  })
  await fc.assert(check, { numRuns: RUNS })
  expect(found).toBeGreaterThan(RUNS / 4)
}

const anyCriteria = criteria as fc.Arbitrary<Criteria>

test('flow runs', () =>
  compare(anyCriteria, async (store, rows, given) => {
    const expected = kept(rows.runs, (run) => runFits(rows, run, given))
    expect(idsOf(await store.read.flowRuns(given, 'START_TIME_DESC', page))).toEqual(expected)
    expect(await store.read.countFlowRuns(given)).toBe(expected.length)
    const now = START + 3_000_000
    const late = rows.runs.filter(({ id }) => expected.includes(id)).map((run) => lateness(run, now))
    const average = late.length === 0 ? null : late.reduce((sum, one) => sum + one, 0) / late.length
    const told = await store.read.flowRunLateness(given, now)
    if (average === null || told === null) expect(told).toBe(average)
    else expect(told).toBeCloseTo(average, 6)
    return expected.length
  }))

test('task runs', () =>
  compare(anyCriteria, async (store, rows, given) => {
    const expected = kept(rows.tasks, (task) => taskFits(rows, task, given))
    expect(idsOf(await store.read.taskRuns(given, 'NEXT_SCHEDULED_START_TIME_ASC', page))).toEqual(expected)
    expect(await store.read.countTaskRuns(given)).toBe(expected.length)
    return expected.length
  }))

test('flows and deployments', () =>
  compare(anyCriteria, async (store, rows, given) => {
    const flows = kept(rows.flows, (flow) => flowFits(rows, flow, given))
    expect(idsOf(await store.read.flows(given, 'UPDATED_DESC', page))).toEqual(flows)
    expect(await store.read.countFlows(given)).toBe(flows.length)
    const deployments = kept(rows.deployments, (deployment) => deploymentFits(rows, deployment, given))
    expect(idsOf(await store.read.deployments(given, 'CREATED_DESC', page))).toEqual(deployments)
    expect(await store.read.countDeployments(given)).toBe(deployments.length)
    return flows.length + deployments.length
  }))

test('logs', () =>
  compare(logFilter, async (store, rows, given) => {
    const expected = kept(rows.logs, (log) => fitsLog(log, given) === true)
    expect(idsOf(await store.read.logs(given, 'TIMESTAMP_DESC', page))).toEqual(expected)
    return expected.length
  }))

test('automations', () =>
  compare(automationFilter, async (store, rows, given) => {
    const expected = kept(rows.automations, (automation) => fitsAutomation(automation, given) === true)
    expect(idsOf(await store.read.automations(given, 'NAME_DESC', page))).toEqual(expected)
    expect(await store.read.countAutomations(given)).toBe(expected.length)
    return expected.length
  }))

test('variables', () =>
  compare(variableFilter, async (store, rows, given) => {
    const expected = kept(rows.variables, (variable) => fitsVariable(variable, given) === true)
    expect(idsOf(await store.read.variables(given, 'CREATED_DESC', page))).toEqual(expected)
    expect(await store.read.countVariables(given)).toBe(expected.length)
    return expected.length
  }))
