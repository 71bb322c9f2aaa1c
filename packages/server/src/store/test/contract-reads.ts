/** Of every store: each method of `Reader`, with its filters, sorts and pages. */
import { applyState, type FlowRun, type State } from '@pilotflame/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunFilter, RunSort, Store } from '../store.ts'
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
  passed(4, ['PENDING', 'RUNNING', 'FAILED'], { deploymentId: uuid(2, 2) }),
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
    const runs = async (filter: RunFilter, sort: RunSort = 'ID_DESC', at = page()) =>
      numbers(await store.read.flowRuns(filter, sort, at))

    const filters: readonly [string, RunFilter, readonly number[]][] = [
      ['none', {}, [5, 4, 3, 2, 1]],
      ['ids', { ids: [uuid(9, 1), uuid(9, 4), uuid(9, 99)] }, [4, 1]],
      ['no id at all', { ids: [] }, []],
      ['the last 8 characters of an id', { idSuffix: '00000003' }, [3]],
      ['a shorter end of an id', { idSuffix: '3' }, [3]],
      ['a whole id as its own end', { idSuffix: uuid(9, 3).toUpperCase() }, [3]],
      ['an end that looks like a pattern', { idSuffix: '%3' }, []],
      ['names', { names: ['run-000001', 'Brisk-otter'] }, [2, 1]],
      ['a part of the name, in any case', { nameLike: 'BRISK' }, [2]],
      ['deployments', { deploymentIds: [uuid(2, 2)] }, [4]],
      ['names of flows', { flowNames: ['Digest'] }, [3]],
      ['types of states', { stateTypes: ['SCHEDULED', 'FAILED'] }, [5, 4, 1]],
      ['names of states', { stateNames: ['Running'] }, [2]],
      ['one tag', { tagsAll: ['a'] }, [2, 1]],
      ['all of two tags', { tagsAll: ['a', 'b'] }, [1]],
      ['two filters at once', { tagsAll: ['a'], stateTypes: ['RUNNING'] }, [2]],
    ]
    test.each(filters)('runs filtered by %s', async (_, filter, expected) => {
      expect(await runs(filter)).toEqual(expected)
      expect(await store.read.countFlowRuns(filter)).toBe(expected.length)
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
      const [run] = JSON.parse(await store.read.flowRuns({ ids: [uuid(9, 3)] }, 'ID_DESC', page())) as Record<string, unknown>[]
      expect(run).toMatchObject({ id: uuid(9, 3), state_type: 'COMPLETED', state: { type: 'COMPLETED' }, run_count: 1 })
    })

    test('the states of a run, in the order in which it entered them', async () => {
      const states = JSON.parse(await store.read.flowRunStates(uuid(9, 4))) as { type: string }[]
      expect(states.map(({ type }) => type)).toEqual(['SCHEDULED', 'PENDING', 'RUNNING', 'FAILED'])
    })

    test('flows', async () => {
      expect(numbers(await store.read.flows({}, page()))).toEqual([2, 1])
      expect(numbers(await store.read.flows({ nameLike: 'ANS' }, page()))).toEqual([1])
      expect(numbers(await store.read.flows({ names: ['Digest'] }, page()))).toEqual([2])
      expect(numbers(await store.read.flows({ ids: [uuid(1, 1)] }, page()))).toEqual([1])
      expect(numbers(await store.read.flows({}, page(1, 1)))).toEqual([1])
    })

    test('deployments', async () => {
      expect(numbers(await store.read.deployments({}, page()))).toEqual([1, 2])
      expect(numbers(await store.read.deployments({ flowNames: ['Digest'] }, page()))).toEqual([2])
      expect(numbers(await store.read.deployments({ names: ['chatbot'] }, page()))).toEqual([1])
      expect(numbers(await store.read.deployments({ ids: [uuid(2, 2)] }, page()))).toEqual([2])
      expect(numbers(await store.read.deployments({ nameLike: 'night' }, page()))).toEqual([2])
      expect(JSON.parse(await store.read.deployments({}, page(1)))).toMatchObject([{ name: 'chatbot', flow_name: 'answer' }])
    })

    test('task runs', async () => {
      expect(numbers(await store.read.taskRuns({}, page()))).toEqual([2, 1])
      expect(numbers(await store.read.taskRuns({ flowRunIds: [uuid(9, 3)] }, page()))).toEqual([2])
      expect(numbers(await store.read.taskRuns({ ids: [uuid(11, 1)] }, page()))).toEqual([1])
      expect(JSON.parse(await store.read.taskRuns({}, page(1)))).toMatchObject([
        { name: 'look-up-2', state: { type: 'RUNNING' } },
      ])
    })

    test('logs', async () => {
      const logs = async (
        filter: Parameters<Store['read']['logs']>[0],
        sort: 'TIMESTAMP_ASC' | 'TIMESTAMP_DESC' = 'TIMESTAMP_ASC',
      ) => numbers(await store.read.logs(filter, sort, page()))
      expect(await logs({ flowRunIds: [uuid(9, 1)] })).toEqual([1, 2, 3])
      expect(await logs({}, 'TIMESTAMP_DESC')).toEqual([4, 3, 2, 1])
      expect(await logs({ taskRunIds: [uuid(11, 1)] })).toEqual([4])
      expect(await logs({ levelMin: 20, levelMax: 30 })).toEqual([2, 3])
    })

    test('automations', async () => {
      expect(numbers(await store.read.automations({}, page()))).toEqual([2, 1])
      expect(numbers(await store.read.automations({ nameLike: 'night' }, page()))).toEqual([2])
      expect(numbers(await store.read.automations({ names: ['chat'], ids: [uuid(10, 1)] }, page()))).toEqual([1])
    })

    test('chunks after a place, across attempts', async () => {
      const after = async (attempt: number, n: number, limit = 9) =>
        (await store.read.chunks(uuid(9, 2), { attempt, n }, limit)).map(({ text }) => text)
      expect(await after(0, 0)).toEqual(['1-1', '1-2', '1-3', '2-1'])
      expect(await after(1, 2)).toEqual(['1-3', '2-1'])
      expect(await after(1, 0, 2)).toEqual(['1-1', '1-2'])
      expect(await after(2, 1)).toEqual([])
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
