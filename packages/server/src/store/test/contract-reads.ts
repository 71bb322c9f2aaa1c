/** Of every store: each method of `Reader`, with its filters, sorts and pages. */
import { applyState, type FlowRun, type HistoryWire, type State } from '@pilotflame/core'
import type { AutomationFilter, FlowRunFilter, LogFilter, VariableFilter } from '@pilotflame/core/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Criteria } from '../filters/criteria.ts'
import type { LogSort, NameSort, RunSort, Store, TaskRunSort } from '../store.ts'
import {
  AUTOMATION,
  DEPLOYMENT,
  FLOW,
  nextState,
  START,
  sampleEvent,
  sampleLog,
  sampleRun,
  sampleTaskRun,
  uuid,
} from './sample-rows.ts'
import type { OpenTestStore, TestStore } from './stores.ts'

const OTHER_FLOW = { ...FLOW, id: uuid(1, 2), name: 'Digest' }

interface Passed {
  readonly run: FlowRun
  readonly states: readonly State[]
}

/** A run that went through these states. */
function passed(n: number, types: readonly State['type'][], changes: Partial<FlowRun> = {}): Passed {
  let run = sampleRun(n, changes)
  const states = [run.state]
  types.forEach((type, index) => {
    const state = nextState(run, type, n, index + 1)
    run = applyState(run, state)
    states.push(state)
  })
  return { run, states }
}

/** Five runs: 1 and 5 wait, 2 runs, 3 has completed, 4 has failed. */
const RUNS: readonly Passed[] = [
  passed(1, [], { tags: ['a', 'b'] }),
  passed(2, ['PENDING', 'RUNNING'], { name: 'Brisk-otter', tags: ['a'] }),
  passed(3, ['PENDING', 'RUNNING', 'COMPLETED'], { flowId: OTHER_FLOW.id, deploymentId: null }),
  passed(4, ['PENDING', 'RUNNING', 'FAILED'], { flowId: OTHER_FLOW.id, deploymentId: uuid(2, 2) }),
  passed(5, []),
]

async function fill(store: Store): Promise<void> {
  await store.transaction(async (tx) => {
    for (const flow of [FLOW, OTHER_FLOW]) tx.saveFlow(flow)
    tx.saveDeployment(DEPLOYMENT)
    tx.saveDeployment({ ...DEPLOYMENT, id: uuid(2, 2), name: 'nightly', flowId: OTHER_FLOW.id, flowName: OTHER_FLOW.name })
    for (const { run, states } of RUNS) tx.insertRun(run, states)
    for (const n of [3, 1, 2]) tx.insertLog(sampleLog(n, uuid(9, 1)))
    tx.insertLog({ ...sampleLog(4, uuid(9, 2)), taskRunId: uuid(11, 1) })
    for (const n of [1, 2]) {
      const { run } = RUNS[1] as Passed
      const state = nextState(run, 'RUNNING', n, 30)
      tx.saveTaskRun(sampleTaskRun(n, n === 1 ? run.id : uuid(9, 3), state), state)
    }
    tx.saveAutomation(AUTOMATION)
    tx.saveAutomation({ ...AUTOMATION, id: uuid(10, 2), name: 'Nightly', ownerResource: null })
    tx.saveVariable({ id: uuid(16, 1), name: 'limits', value: 1, tags: ['x'], createdAt: START, updatedAt: START })
    tx.saveVariable({ id: uuid(16, 2), name: 'secret', value: 1, tags: [], createdAt: START, updatedAt: START + 1 })
    for (const [attempt, n] of [
      [2, 1],
      [1, 2],
      [1, 1],
      [1, 3],
    ] as const) {
      await tx.insertChunk({ flowRunId: uuid(9, 2), attempt, n, text: `${attempt}-${n}` })
    }
  })
}

export function readContract(open: OpenTestStore): void {
  describe('lists, filters and counts', () => {
    let opened: TestStore
    let store: Store
    beforeAll(async () => {
      opened = await open()
      store = opened.store
      await fill(store)
    })
    afterAll(() => opened.end())

    const page = (limit = 200, offset = 0) => ({ limit, offset })
    /** The numbers of the rows in an answer: the last digits of their ids. */
    const numbers = (text: string): number[] =>
      (JSON.parse(text) as { id: string }[]).map(({ id }) => Number.parseInt(id.slice(-4), 16))
    const runs = async (criteria: Criteria, sort: RunSort = 'ID_DESC', at = page()) =>
      numbers(await store.read.flowRuns(criteria, sort, at))

    const filters: readonly [string, FlowRunFilter, readonly number[]][] = [
      ['none', {}, [5, 4, 3, 2, 1]],
      ['ids', { id: { any_: [uuid(9, 1), uuid(9, 4).toUpperCase(), uuid(9, 99)] } }, [4, 1]],
      ['no id at all', { id: { any_: [] } }, []],
      ['all ids but some', { id: { not_any_: [uuid(9, 1), uuid(9, 4)] } }, [5, 3, 2]],
      ['the last 8 characters of an id', { id: { suffix_: '00000003' } }, [3]],
      ['a shorter end of an id', { id: { suffix_: '3' } }, [3]],
      ['a whole id as its own end', { id: { suffix_: uuid(9, 3).toUpperCase() } }, [3]],
      ['an end that looks like a pattern', { id: { suffix_: '%3' } }, []],
      ['names', { name: { any_: ['run-000001', 'Brisk-otter'] } }, [2, 1]],
      ['a part of the name, in any case', { name: { like_: 'BRISK' } }, [2]],
      ['deployments', { deployment_id: { any_: [uuid(2, 2)] } }, [4]],
      ['several deployments', { deployment_id: { any_: [uuid(2, 1), uuid(2, 2)] } }, [5, 4, 2, 1]],
      ['no deployment', { deployment_id: { is_null_: true } }, [3]],
      ['types of states', { state: { type: { any_: ['SCHEDULED', 'FAILED'] } } }, [5, 4, 1]],
      ['one that runs', { state: { type: { any_: ['RUNNING'] } } }, [2]],
      ['all types of states but some', { state: { type: { not_any_: ['SCHEDULED', 'FAILED'] } } }, [3, 2]],
      ['names of states', { state: { name: { any_: ['Running'] } } }, [2]],
      ['one tag', { tags: { all_: ['a'] } }, [2, 1]],
      ['all of two tags', { tags: { all_: ['a', 'b'] } }, [1]],
      ['no tags', { tags: { is_null_: true } }, [5, 4, 3]],
      ['two filters at once', { tags: { all_: ['a'] }, state: { type: { any_: ['RUNNING'] } } }, [2]],
      ['one of two filters', { operator: 'or_', tags: { all_: ['b'] }, state: { type: { any_: ['RUNNING'] } } }, [2, 1]],
    ]
    test.each(filters)('runs filtered by %s', async (_, filter, expected) => {
      expect(await runs({ flow_runs: filter })).toEqual(expected)
      expect(await store.read.countFlowRuns({ flow_runs: filter })).toBe(expected.length)
    })

    const crossed: readonly [string, Criteria, readonly number[]][] = [
      ['the names of their flows', { flows: { name: { any_: ['Digest'] } } }, [4, 3]],
      ['having a deployment', { deployments: {} }, [5, 4, 2, 1]],
      ['the names of their deployments', { deployments: { name: { like_: 'night' } } }, [4]],
      ['their task runs', { task_runs: { state: { type: { any_: ['RUNNING'] } } } }, [3, 2]],
      ['flows and task runs', { flows: { name: { any_: ['answer'] } }, task_runs: { name: { like_: 'LOOK' } } }, [2]],
    ]
    test.each(crossed)('runs filtered by %s', async (_, criteria, expected) => {
      expect(await runs(criteria)).toEqual(expected)
      expect(await store.read.countFlowRuns(criteria)).toBe(expected.length)
    })

    const sorts: readonly [RunSort, readonly number[]][] = [
      ['ID_DESC', [5, 4, 3, 2, 1]],
      ['START_TIME_ASC', [1, 5, 2, 3, 4]],
      ['START_TIME_DESC', [4, 3, 2, 5, 1]],
      ['EXPECTED_START_TIME_ASC', [1, 2, 3, 4, 5]],
      ['EXPECTED_START_TIME_DESC', [5, 4, 3, 2, 1]],
      ['NAME_ASC', [2, 1, 3, 4, 5]],
      ['NAME_DESC', [5, 4, 3, 1, 2]],
      ['NEXT_SCHEDULED_START_TIME_ASC', [1, 5, 4, 3, 2]],
      ['END_TIME_DESC', [4, 3, 5, 2, 1]],
    ]
    test.each(sorts)('runs sorted by %s, in one page and in pages of two', async (sort, expected) => {
      expect(await runs({}, sort)).toEqual(expected)
      const pages = await Promise.all([0, 2, 4, 6].map((offset) => runs({}, sort, page(2, offset))))
      expect(pages.flat()).toEqual(expected)
    })

    test('a run is answered in the form of the API', async () => {
      const [run] = JSON.parse(
        await store.read.flowRuns({ flow_runs: { id: { any_: [uuid(9, 3)] } } }, 'ID_DESC', page()),
      ) as Record<string, unknown>[]
      expect(run).toMatchObject({ id: uuid(9, 3), state_type: 'COMPLETED', state: { type: 'COMPLETED' }, run_count: 1 })
    })

    test('the states of a run, in the order in which it entered them', async () => {
      const states = JSON.parse(await store.read.flowRunStates(uuid(9, 4))) as { type: string }[]
      expect(states.map(({ type }) => type)).toEqual(['SCHEDULED', 'PENDING', 'RUNNING', 'FAILED'])
    })

    test('flows', async () => {
      const flows = async (criteria: Criteria, sort: NameSort = 'NAME_ASC', at = page()) => {
        expect(await store.read.countFlows(criteria)).toBe(numbers(await store.read.flows(criteria, sort, page())).length)
        return numbers(await store.read.flows(criteria, sort, at))
      }
      expect(await flows({})).toEqual([2, 1])
      expect(await flows({}, 'NAME_DESC')).toEqual([1, 2])
      expect(await flows({}, 'NAME_ASC', page(1, 1))).toEqual([1])
      expect(await flows({ flows: { name: { like_: 'ANS' } } })).toEqual([1])
      expect(await flows({ flows: { name: { any_: ['Digest'] } } })).toEqual([2])
      expect(await flows({ flows: { id: { any_: [uuid(1, 1)] } } })).toEqual([1])
      expect(await flows({ flows: { deployment: { is_null_: true } } })).toEqual([])
      expect(await flows({ deployments: { name: { any_: ['nightly'] } } })).toEqual([2])
      expect(await flows({ flow_runs: { state: { type: { any_: ['COMPLETED'] } } } })).toEqual([2])
    })

    test('deployments', async () => {
      const deployments = async (criteria: Criteria, sort: NameSort = 'NAME_ASC') => {
        const found = numbers(await store.read.deployments(criteria, sort, page()))
        expect(await store.read.countDeployments(criteria)).toBe(found.length)
        return found
      }
      expect(await deployments({})).toEqual([1, 2])
      expect(await deployments({}, 'NAME_DESC')).toEqual([2, 1])
      expect(await deployments({ flows: { name: { any_: ['Digest'] } } })).toEqual([2])
      expect(await deployments({ deployments: { name: { any_: ['chatbot'] } } })).toEqual([1])
      expect(await deployments({ deployments: { id: { not_any_: [uuid(2, 1)] } } })).toEqual([2])
      expect(await deployments({ deployments: { flow_or_deployment_name: { like_: 'DIG' } } })).toEqual([2])
      expect(await deployments({ flow_runs: { tags: { any_: ['b'] } } })).toEqual([1])
      const used = { ready: [uuid(2, 1)], polled: { [uuid(2, 1)]: START } }
      expect(JSON.parse(await store.read.deployments(used, 'NAME_ASC', page()))).toMatchObject([
        { name: 'chatbot', flow_name: 'answer', status: 'READY', last_polled: '2023-11-14T22:13:20.000000Z' },
        { name: 'nightly', status: 'NOT_READY', last_polled: null },
      ])
    })

    test('task runs', async () => {
      const tasks = async (criteria: Criteria, sort: TaskRunSort = 'ID_DESC') => {
        const found = numbers(await store.read.taskRuns(criteria, sort, page()))
        expect(await store.read.countTaskRuns(criteria)).toBe(found.length)
        return found
      }
      expect(await tasks({})).toEqual([2, 1])
      expect(await tasks({}, 'NAME_ASC')).toEqual([1, 2])
      expect(await tasks({ task_runs: { flow_run_id: { any_: [uuid(9, 3)] } } })).toEqual([2])
      expect(await tasks({ flow_runs: { id: { any_: [uuid(9, 3).toUpperCase()] } } })).toEqual([2])
      expect(await tasks({ flow_runs: { name: { any_: ['Brisk-otter'] } } })).toEqual([1])
      expect(await tasks({ deployments: { name: { any_: ['chatbot'] } } })).toEqual([1])
      expect(await tasks({ task_runs: { id: { any_: [uuid(11, 1)] } } })).toEqual([1])
      expect(JSON.parse(await store.read.taskRuns({}, 'ID_DESC', page(1), START + 40_000_000))).toMatchObject([
        { name: 'look-up-2', state: { type: 'RUNNING' }, estimated_run_time: 39.999968 },
      ])
    })

    test('logs', async () => {
      const logs = async (filter: LogFilter, sort: LogSort = 'TIMESTAMP_ASC') =>
        numbers(await store.read.logs(filter, sort, page()))
      expect(await logs({ flow_run_id: { any_: [uuid(9, 1)] } })).toEqual([1, 2, 3])
      expect(await logs({}, 'TIMESTAMP_DESC')).toEqual([4, 3, 2, 1])
      expect(await logs({ task_run_id: { any_: [uuid(11, 1)] } })).toEqual([4])
      expect(await logs({ task_run_id: { is_null_: true } })).toEqual([1, 2, 3])
      expect(await logs({ level: { ge_: 20, le_: 30 } })).toEqual([2, 3])
      expect(await logs({ text: { query: 'console -"line 2" -3' } })).toEqual([1, 4])
      expect(await logs({ timestamp: { after_: '2023-11-14T22:13:20.000002Z' } })).toEqual([2, 3, 4])
    })

    test('automations', async () => {
      const automations = async (filter: AutomationFilter) => {
        const found = numbers(await store.read.automations(filter, 'NAME_ASC', page()))
        expect(await store.read.countAutomations(filter)).toBe(found.length)
        return found
      }
      expect(await automations({})).toEqual([2, 1])
      expect(await automations({ name: { like_: 'night' } })).toEqual([2])
      expect(await automations({ name: { any_: ['chat'] }, id: { any_: [uuid(10, 1)] } })).toEqual([1])
      expect(await automations({ tags: { any_: ['a', 'x'] } })).toEqual([2, 1])
      expect(await automations({ created: { before_: '2023-11-14T22:13:19Z' } })).toEqual([])
    })

    test('variables', async () => {
      const variables = async (filter: VariableFilter, sort: NameSort = 'NAME_ASC') => {
        const found = numbers(await store.read.variables(filter, sort, page()))
        expect(await store.read.countVariables(filter)).toBe(found.length)
        return found
      }
      expect(await variables({})).toEqual([1, 2])
      expect(await variables({}, 'UPDATED_DESC')).toEqual([2, 1])
      expect(await variables({ tags: { all_: ['x'] } })).toEqual([1])
      expect(await variables({ name: { like_: 'SEC' } })).toEqual([2])
    })

    test('runs by interval and state, and how late they are', async () => {
      const span = { start: START, intervalMicros: 2, intervals: 3 }
      const history = JSON.parse(await store.read.flowRunHistory({}, span, START + 5_000_000)) as HistoryWire[]
      expect(history.map(({ states }) => states.map((one) => [one.state_type, one.count_runs]))).toEqual([
        [['SCHEDULED', 1]],
        [
          ['COMPLETED', 1],
          ['RUNNING', 1],
        ],
        [
          ['FAILED', 1],
          ['SCHEDULED', 1],
        ],
      ])
      expect(history[0]?.states[0]?.sum_estimated_lateness).toBeCloseTo(4.999999, 6)
      expect(history[1]?.states[1]?.sum_estimated_run_time).toBeCloseTo(4.999978, 6)
      const waiting = { flow_runs: { id: { any_: [uuid(9, 1), uuid(9, 5)] } } }
      expect(await store.read.flowRunLateness(waiting, START + 5_000_000)).toBeCloseTo(4.999997, 6)
      expect(await store.read.flowRunLateness({ flow_runs: { id: { any_: [] } } }, START)).toBeNull()
      const tasks = JSON.parse(await store.read.taskRunHistory({}, { ...span, intervals: 50 }, START)) as HistoryWire[]
      expect(tasks.flatMap(({ states }) => states.map((one) => one.count_runs))).toEqual([2])
    })

    test('chunks after a place, across attempts', async () => {
      const after = async (attempt: number, n: number, limit = 9) =>
        (await store.read.chunks(uuid(9, 2), { attempt, n }, limit)).map(({ text }) => text)
      expect(await after(0, 0)).toEqual(['1-1', '1-2', '1-3', '2-1'])
      expect(await after(1, 2)).toEqual(['1-3', '2-1'])
      expect(await after(1, 0, 2)).toEqual(['1-1', '1-2'])
      expect(await after(2, 1)).toEqual([])
    })

    test('chunks end with the one that has brought them to 1 000 000 characters, and go on behind it', async () => {
      const of = { flowRunId: uuid(9, 4), attempt: 1 }
      const texts = ['a'.repeat(600_000), '漢'.repeat(400_000), 'c'.repeat(1_000_000), 'd']
      await store.transaction(async (tx) => texts.forEach((text, n) => void tx.insertChunk({ ...of, n, text })))
      const pages: number[][] = []
      let after = { attempt: 0, n: 0 }
      for (;;) {
        const page = await store.read.chunks(of.flowRunId, after, 9)
        const last = page.at(-1)
        if (!last) break
        pages.push(page.map(({ n }) => n))
        after = last
      }
      expect(pages).toEqual([[0, 1], [2], [3]])
    })

    test('lists go on while writes do, and see each commit that settled before them', async () => {
      const before = await store.read.countFlowRuns({})
      for (let round = 1; round <= 20; round += 1) {
        const { run, states } = passed(100 + round, [])
        const busy = store.transaction((tx) => tx.insertEvent({ ...sampleEvent(round), occurred: START }))
        await store.transaction(async (tx) => tx.insertRun(run, states))
        const [count] = await Promise.all([store.read.countFlowRuns({}), busy])
        expect(count).toBe(before + round)
      }
    })
  })
}
