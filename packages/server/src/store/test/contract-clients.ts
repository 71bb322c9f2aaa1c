/** Of every store: what Prefect's own clients bring along. */
import type { FlowRun, TaskRun, Variable } from '@pilotflame/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunInput, Store } from '../store.ts'
import { DEPLOYMENT, FLOW, nextState, START, sampleRun, sampleTaskRun, uuid } from './sample-rows.ts'
import type { OpenTestStore, TestStore } from './stores.ts'

const KEPT: FlowRun['kept'] = {
  empirical_policy: { retries: null, retry_delay: [1, 2], pause_keys: ['a'], resuming: true, retry_type: 'in_process' },
  flow_version: 'v1',
  context: { a: { b: 1 } },
  job_variables: { image: 'x' },
  infrastructure_pid: '17',
  auto_scheduled: true,
  work_queue_name: 'default',
}

const VARIABLE: Variable = {
  id: uuid(16, 1),
  name: 'limits',
  value: { a: [1, null, true] },
  tags: ['x'],
  createdAt: START,
  updatedAt: START,
}

export function clientContract(open: OpenTestStore): void {
  describe("what Prefect's clients bring along", () => {
    let opened: TestStore
    let store: Store
    beforeEach(async () => {
      opened = await open()
      store = opened.store
      await store.transaction(async (tx) => {
        tx.saveFlow(FLOW)
        tx.saveDeployment(DEPLOYMENT)
      })
    })
    afterEach(() => opened.end())

    test("a subflow's run with all that it may have, and changes of it", async () => {
      const run = sampleRun(1, { parentTaskRunId: uuid(11, 1), kept: KEPT })
      await store.transaction(async (tx) => tx.insertRun(run, [run.state]))
      expect(await store.find.findRun(run.id)).toEqual(run)
      const changed = { ...run, kept: { ...KEPT, infrastructure_pid: '18' } }
      await store.transaction(async (tx) => {
        await tx.findRun(run.id)
        tx.updateRun(changed, [])
      })
      expect(await store.find.findRun(run.id)).toEqual(changed)
      await store.transaction(async (tx) => {
        await tx.findRun(run.id)
        tx.updateRun({ ...changed, kept: null, parentTaskRunId: null }, [])
      })
      expect(await store.find.findRun(run.id)).toEqual({ ...run, kept: null, parentTaskRunId: null })
    })

    test('a task run with all that it may have, also outside of a flow', async () => {
      const state = nextState(sampleRun(1), 'RUNNING', 1, 20)
      const kept: TaskRun['kept'] = {
        cache_key: 'k',
        task_inputs: { x: [{ input_type: 'constant', type: 'int' }] },
        labels: { a: true },
        empirical_policy: { retries: 2, retry_delay: [1.5, 3] },
        flow_run_run_count: 2,
        total_run_time: 0.5,
      }
      const run = { ...sampleTaskRun(1, '', state), flowRunId: null, expectedStartAt: START + 5, kept }
      await store.transaction(async (tx) => tx.saveTaskRun(run, state))
      expect(await store.find.findTaskRun(run.id)).toEqual(run)
      const plain = { ...run, kept: { ...kept, cache_key: null } }
      await store.transaction(async (tx) => tx.saveTaskRun(plain, state))
      expect(await store.find.findTaskRun(run.id)).toEqual(plain)
      expect((await store.find.findEvent(state.id))?.related).toEqual([])
      await store.transaction(async (tx) => tx.deleteTaskRun(run.id))
      expect(await store.find.findTaskRun(run.id)).toBeUndefined()
      expect(await store.find.findTaskState(state.id)).toBeUndefined()
    })

    test('a task run is found by its keys, in its own run alone', async () => {
      const state = nextState(sampleRun(1), 'PENDING', 1, 20)
      const run = { ...sampleTaskRun(1, uuid(9, 1), state), kept: {} }
      await store.transaction(async (tx) => tx.saveTaskRun(run, state))
      const key = { flowRunId: uuid(9, 1), taskKey: run.taskKey, dynamicKey: run.dynamicKey }
      await store.transaction(async (tx) => {
        expect(await tx.findTaskRunByKey(key)).toEqual(run)
        expect(await tx.findTaskRunByKey({ ...key, dynamicKey: '2' })).toBeUndefined()
        expect(await tx.findTaskRunByKey({ ...key, flowRunId: uuid(9, 2) })).toBeUndefined()
      })
    })

    test('states of a task run: once each, in the order of their moments however they came', async () => {
      const at = (step: number, type: 'PENDING' | 'RUNNING' | 'COMPLETED') => ({
        ...nextState(sampleRun(1), type, 1, 20 + step),
        at: START + step,
      })
      const [pending, running, completed] = [at(1, 'PENDING'), at(2, 'RUNNING'), at(3, 'COMPLETED')]
      const run = { ...sampleTaskRun(1, uuid(9, 1), completed), runCount: 1 }
      await store.transaction(async (tx) => {
        tx.saveTaskRun(run, completed)
        tx.saveTaskRun(run, pending, 0)
      })
      await store.transaction(async (tx) => {
        tx.insertTaskState(run.id, running, 1)
        tx.insertTaskState(run.id, { ...running, name: 'again' }, 1)
      })
      const states = JSON.parse(await store.read.taskRunStates(run.id)) as Record<string, unknown>[]
      expect(states.map(({ name }) => name)).toEqual(['Pending', 'Running', 'Completed'])
      expect(states[0]).toMatchObject({ state_details: { task_run_id: run.id, flow_run_id: uuid(9, 1) } })
      expect((await store.find.findTaskRun(run.id))?.state).toEqual(completed)
      expect(await store.find.findTaskState(pending.id)).toEqual({ state: pending, taskRunId: run.id })
    })

    test('variables, each name once', async () => {
      await store.transaction(async (tx) => {
        tx.saveVariable(VARIABLE)
        tx.saveVariable({ ...VARIABLE, value: null, updatedAt: START + 1 })
      })
      expect(await store.find.findVariableByName('limits')).toEqual({ ...VARIABLE, value: null, updatedAt: START + 1 })
      const other = store.transaction(async (tx) => tx.saveVariable({ ...VARIABLE, id: uuid(16, 2) }))
      await expect(other).rejects.toMatchObject({ code: 'store_failed' })
      await store.transaction(async (tx) => tx.deleteVariable(VARIABLE.id))
      expect(await store.find.findVariable(VARIABLE.id)).toBeUndefined()
    })

    test("values of the server's own", async () => {
      await store.transaction(async (tx) => {
        tx.saveConfiguration('storage', { default_result_storage_block_id: null })
        tx.saveConfiguration('storage', { default_result_storage_block_id: uuid(17, 1) })
      })
      expect(await store.find.findConfiguration('storage')).toEqual({ default_result_storage_block_id: uuid(17, 1) })
      await store.transaction(async (tx) => tx.deleteConfiguration('storage'))
      expect(await store.find.findConfiguration('storage')).toBeUndefined()
    })

    test('inputs of a run, each key once; they go with it', async () => {
      const run = sampleRun(1)
      const input = (key: string, at: number): RunInput => ({
        flowRunId: run.id,
        key,
        value: '{"a": 1}',
        sender: null,
        createdAt: at,
      })
      await store.transaction(async (tx) => {
        tx.insertRun(run, [run.state])
        expect(await tx.insertRunInput(input('b', 1))).toBe(true)
        expect(await tx.insertRunInput(input('b', 9))).toBe(false)
        expect(await tx.insertRunInput(input('a', 2))).toBe(true)
        expect(await tx.insertRunInput(input('c', 3))).toBe(true)
        tx.deleteRunInput(run.id, 'c')
      })
      expect(await store.find.findRunInputs(run.id)).toEqual([input('b', 1), input('a', 2)])
      expect(await store.find.findRunInput(run.id, 'c')).toBeUndefined()
      await store.transaction(async (tx) => tx.deleteRun(run.id))
      expect(await store.find.findRunInputs(run.id)).toEqual([])
    })
  })
}
