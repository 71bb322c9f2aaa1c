/** Of every store: what retention removes, in bites, and what it leaves. */
import { applyState, type FlowRun } from '@pilotflame/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nothingRemoved, type Removed, SWEEP_START, type SweepPlace } from '../remove-old.ts'
import type { Store } from '../store.ts'
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

const LATER = START + 1_000_000
const BEFORE = { runs: LATER, events: LATER }

/** A run that has ended, as it is stored with all that belongs to it: 2 states, a result, a task, 3 logs, 3 chunks, verdicts. */
async function finishedRun(store: Store, n: number): Promise<FlowRun> {
  const run = sampleRun(n)
  const end = nextState(run, 'COMPLETED', n, 1)
  const ended = applyState(run, end)
  const taskState = { ...end, id: uuid(30, n) }
  const verdict = { automationId: AUTOMATION.id, at: START, outcome: { kind: 'opened' } } as const
  await store.transaction(async (tx) => {
    tx.insertRun(run, [run.state])
    tx.updateRun(ended, [end])
    tx.saveRunResult(run.id, 'done')
    tx.saveTaskRun(sampleTaskRun(n, run.id, taskState), taskState)
    tx.insertTaskResult(run.id, 'look-up', '0', 1)
    tx.insertVerdict({ ...verdict, eventId: end.id })
    tx.insertVerdict({ ...verdict, eventId: taskState.id })
    for (const line of [1, 2, 3]) {
      tx.insertLog({ ...sampleLog(n * 10 + line, run.id) })
      await tx.insertChunk({ flowRunId: run.id, attempt: 1, n: line, text: 'x' })
    }
  })
  return ended
}

const ONE_RUN: Removed = {
  ...nothingRemoved(),
  flow_runs: 1,
  flow_run_states: 2,
  results: 2,
  task_runs: 1,
  task_run_states: 1,
  logs: 3,
  chunks: 3,
  verdicts: 2,
}

export function retentionContract(open: OpenTestStore): void {
  describe('what is old is removed', () => {
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

    /** The whole sweep; says how many bites it took, and what went. */
    async function sweep(before = BEFORE, rowsMax = 100): Promise<{ bites: number; removed: Removed }> {
      const removed = nothingRemoved()
      let place: SweepPlace | null = SWEEP_START
      let bites = 0
      while (place !== null) {
        const from: SweepPlace = place
        const bite = await store.transaction((tx) => tx.removeOld(before, from, rowsMax))
        for (const [kind, rows] of Object.entries(bite.removed)) removed[kind as keyof Removed] += rows
        place = bite.next
        bites += 1
      }
      return { bites, removed }
    }

    test('a finished run goes with all that belongs to it, and its count was right before', async () => {
      const run = await finishedRun(store, 1)
      expect(await store.read.countOld(BEFORE)).toEqual(ONE_RUN)
      expect((await sweep()).removed).toEqual(ONE_RUN)
      expect(await store.find.findRun(run.id)).toBeUndefined()
      expect(await store.read.countOld(BEFORE)).toEqual(nothingRemoved())
    })

    test('nothing is counted or removed that ended at that moment or later, or not yet', async () => {
      const ended = await finishedRun(store, 1)
      const waiting = sampleRun(2)
      await store.transaction(async (tx) => tx.insertRun(waiting, [waiting.state]))
      const before = { runs: ended.endAt ?? 0, events: START }
      expect(await store.read.countOld(before)).toEqual(nothingRemoved())
      expect((await sweep(before)).removed).toEqual(nothingRemoved())
      expect((await sweep()).removed.flow_runs).toBe(1)
      expect(await store.find.findRun(waiting.id)).toEqual(waiting)
    })

    test('a large run vanishes with the first bite, and its rows go with those that follow', async () => {
      const run = await finishedRun(store, 1)
      await store.transaction(async (tx) => {
        for (let n = 10; n < 60; n += 1) await tx.insertChunk({ flowRunId: run.id, attempt: 1, n, text: 'x' })
      })
      await store.transaction((tx) => tx.removeOld(BEFORE, SWEEP_START, 5))
      expect(await store.find.findRun(run.id)).toBeUndefined()
      expect((await store.read.chunks(run.id, { attempt: 0, n: 0 }, 100)).length).toBeGreaterThan(0)
      const { bites, removed } = await sweep(BEFORE, 5)
      expect(bites).toBeGreaterThan(10)
      expect(removed).toMatchObject({ flow_runs: 0, chunks: 53 })
      expect(await store.read.chunks(run.id, { attempt: 0, n: 0 }, 100)).toEqual([])
    })

    test('large values take more bites than small ones', async () => {
      for (const n of [1, 2, 3]) {
        const run = await finishedRun(store, n)
        await store.transaction(async (tx) => {
          tx.saveRunResult(run.id, 'x'.repeat(2_000_000))
          tx.insertTaskResult(run.id, 'large', '0', 'x'.repeat(2_000_000))
        })
      }
      const { bites, removed } = await sweep()
      expect(removed).toMatchObject({ flow_runs: 3, results: 9 })
      expect(bites).toBeGreaterThan(3)
    })

    test('task runs and log lines of no flow run go by their own moments', async () => {
      const state = nextState(sampleRun(1), 'COMPLETED', 1, 20)
      const task = { ...sampleTaskRun(1, '', state), flowRunId: null, endAt: START }
      const young = { ...task, id: uuid(11, 2), state: { ...state, id: uuid(26, 2) }, endAt: null, updatedAt: LATER }
      const log = { ...sampleLog(1, ''), flowRunId: null, taskRunId: task.id }
      await store.transaction(async (tx) => {
        tx.saveTaskRun(task, state)
        tx.saveTaskRun(young, young.state)
        tx.insertVerdict({ eventId: state.id, automationId: AUTOMATION.id, at: START, outcome: { kind: 'opened' } })
        tx.insertLog(log)
        tx.insertLog({ ...log, id: uuid(15, 2), at: LATER })
      })
      const expected = { ...nothingRemoved(), task_runs: 1, task_run_states: 1, verdicts: 1, logs: 1 }
      expect(await store.read.countOld(BEFORE)).toEqual(expected)
      expect((await sweep(BEFORE, 2)).removed).toEqual(expected)
      expect(await store.find.findTaskRun(task.id)).toBeUndefined()
      expect(await store.find.findTaskRun(young.id)).toBeDefined()
    })

    test('events go with their verdicts, but not while a run that one has started has not ended', async () => {
      const run = sampleRun(7)
      const verdict = { automationId: AUTOMATION.id, at: START }
      await store.transaction(async (tx) => {
        for (const n of [1, 2, 3]) await tx.insertEvent(sampleEvent(n))
        await tx.insertEvent({ ...sampleEvent(4), received: LATER })
        tx.insertRun(run, [run.state])
        tx.insertVerdict({ ...verdict, eventId: uuid(4, 2), outcome: { kind: 'fired', runs: [{ action: 0, runId: run.id }] } })
        tx.insertVerdict({ ...verdict, eventId: uuid(4, 3), outcome: { kind: 'opened' } })
      })
      const expected = { ...nothingRemoved(), events: 2, verdicts: 1 }
      expect(await store.read.countOld(BEFORE)).toEqual(expected)
      expect((await sweep(BEFORE, 2)).removed).toEqual(expected)
      expect(await store.find.findEvent(uuid(4, 1))).toBeUndefined()
      expect(await store.find.findEvent(uuid(4, 2))).toBeDefined()
      expect(await store.read.verdicts(uuid(4, 2))).toHaveLength(1)
      expect(await store.find.findEvent(uuid(4, 4))).toBeDefined()
    })

    test('an event that came in out of turn does not keep the older ones behind it', async () => {
      await store.transaction(async (tx) => {
        await tx.insertEvent({ ...sampleEvent(1), received: LATER })
        for (const n of [2, 3]) await tx.insertEvent(sampleEvent(n))
      })
      expect((await sweep()).removed.events).toBe(2)
    })

    test('a window that ended long ago goes; a count without a window stays', async () => {
      const endless = { ...AUTOMATION, id: uuid(10, 2), name: 'endless', trigger: { ...AUTOMATION.trigger, within: 0 } }
      const windowed = { ...AUTOMATION, trigger: { ...AUTOMATION.trigger, within: 60 } }
      const bucket = { triggerId: uuid(13, 1), start: 1, count: 3, firedAt: null }
      await store.transaction(async (tx) => {
        tx.saveAutomation({ ...windowed, ownerResource: null })
        tx.saveAutomation({ ...endless, ownerResource: null })
        tx.saveBucket({ ...bucket, automationId: windowed.id, key: ['old'], end: START })
        tx.saveBucket({ ...bucket, automationId: windowed.id, key: ['new'], end: LATER })
        tx.saveBucket({ ...bucket, automationId: endless.id, key: ['endless'], end: START })
      })
      expect((await store.read.countOld(BEFORE)).windows).toBe(1)
      expect((await sweep()).removed.windows).toBe(1)
      expect(await store.transaction((tx) => tx.findBucket(bucket.triggerId, ['old']))).toBeUndefined()
      expect(await store.transaction((tx) => tx.findBucket(bucket.triggerId, ['endless']))).toBeDefined()
    })

    test('a run that somebody deletes leaves nothing behind', async () => {
      const run = await finishedRun(store, 1)
      await store.transaction(async (tx) => tx.deleteRun(run.id))
      expect(await store.read.verdicts(run.state.id)).toEqual([])
      expect(await store.read.chunks(run.id, { attempt: 0, n: 0 }, 9)).toEqual([])
    })

    test('a look that finds nothing is no commit', async () => {
      const { commits } = store.counts
      await sweep()
      expect(store.counts.commits).toBe(commits)
    })
  })
}
