/** Of every store: each method of `Tx`, and what it leaves. */
import { applyState, type Chunk, grantLease } from '@pilotflame/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../store.ts'
import {
  AUTOMATION,
  DEPLOYMENT,
  FLOW,
  HOOK,
  nextState,
  SESSION,
  START,
  sampleEvent,
  sampleLog,
  sampleRun,
  sampleTaskRun,
  scheduledState,
  uuid,
  VERSION,
} from './sample-rows.ts'
import type { OpenTestStore, TestStore } from './stores.ts'

export function writeContract(open: OpenTestStore): void {
  describe('what is written comes back', () => {
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

    test('events, once each', async () => {
      const event = {
        ...sampleEvent(1),
        related: [{ 'prefect.resource.id': 'x' }],
        follows: uuid(4, 9),
        causeEventId: uuid(4, 8),
      }
      expect(await store.transaction((tx) => tx.insertEvent(event))).toBe(true)
      expect(await store.transaction((tx) => tx.insertEvent({ ...event, event: 'other' }))).toBe(false)
      expect(await store.find.findEvent(event.id)).toEqual(event)
      expect(await store.find.findEvent(uuid(4, 2))).toBeUndefined()
    })

    test('verdicts of an event, oldest first', async () => {
      const verdict = (at: number) => ({
        eventId: uuid(4, 1),
        automationId: AUTOMATION.id,
        at,
        outcome: { kind: 'counting', count: at, threshold: 9 } as const,
      })
      await store.transaction(async (tx) => {
        tx.insertVerdict(verdict(2))
        tx.insertVerdict(verdict(1))
        tx.insertVerdict(verdict(2))
        tx.insertVerdict({ ...verdict(1), eventId: uuid(4, 2) })
      })
      expect(await store.read.verdicts(uuid(4, 1))).toEqual([verdict(1), verdict(2), verdict(2)])
    })

    test('automations with their buckets', async () => {
      const bucket = {
        automationId: AUTOMATION.id,
        triggerId: uuid(13, 1),
        key: ['a', 'b'],
        start: 1,
        end: 2,
        count: 3,
        firedAt: null,
      }
      await store.transaction(async (tx) => {
        tx.saveAutomation(AUTOMATION)
        tx.saveAutomation({ ...AUTOMATION, enabled: false })
        tx.saveBucket(bucket)
        tx.saveBucket({ ...bucket, count: 4, firedAt: 5 })
        tx.saveBucket({ ...bucket, key: ['b'] })
        tx.deleteBucket(bucket.triggerId, ['b'])
        expect(await tx.loadAutomations()).toEqual([{ ...AUTOMATION, enabled: false }])
        expect(await tx.findAutomationsByOwner(AUTOMATION.ownerResource ?? '')).toHaveLength(1)
        expect(await tx.findBucket(bucket.triggerId, ['a', 'b'])).toEqual({ ...bucket, count: 4, firedAt: 5 })
        expect(await tx.findBucket(bucket.triggerId, ['b'])).toBeUndefined()
      })
      expect(await store.find.findAutomation(AUTOMATION.id)).toEqual({ ...AUTOMATION, enabled: false })
      await store.transaction(async (tx) => tx.deleteAutomation(AUTOMATION.id))
      expect(await store.transaction((tx) => tx.findBucket(bucket.triggerId, ['a', 'b']))).toBeUndefined()
      expect(await store.find.findAutomation(AUTOMATION.id)).toBeUndefined()
    })

    test('flows, deployments and their versions', async () => {
      await store.transaction(async (tx) => {
        tx.insertVersion(VERSION)
        tx.saveFlow({ ...FLOW, tags: [] })
        tx.saveDeployment({ ...DEPLOYMENT, paused: true, createdBy: { id: null, type: 'USER', display_value: 'me' } })
        expect(await tx.findVersion(DEPLOYMENT.id, 'd1g35t')).toEqual(VERSION)
        expect(await tx.findVersion(DEPLOYMENT.id, 'other')).toBeUndefined()
      })
      expect(await store.find.findFlow(FLOW.id)).toEqual({ ...FLOW, tags: [] })
      expect((await store.find.findFlowByName('answer'))?.id).toBe(FLOW.id)
      expect(await store.find.findDeployment(DEPLOYMENT.id)).toMatchObject({
        paused: true,
        flowName: 'answer',
        kept: DEPLOYMENT.kept,
      })
      expect((await store.find.findDeploymentByName('answer', 'chatbot'))?.createdBy?.display_value).toBe('me')
      await store.transaction(async (tx) => tx.deleteDeployment(DEPLOYMENT.id))
      expect(await store.find.findDeployment(DEPLOYMENT.id)).toBeUndefined()
      expect(await store.transaction((tx) => tx.findVersion(DEPLOYMENT.id, 'd1g35t'))).toBeUndefined()
    })

    test('a run from its first state to its end', async () => {
      const run = sampleRun(1, { idempotencyKey: 'once' })
      const pending = nextState(run, 'PENDING', 1, 1)
      const leased = grantLease(run, pending, SESSION.id)
      const running = nextState(leased, 'RUNNING', 1, 2)
      const started = { ...applyState(leased, running), marks: { 1: { boot: 'boot', at: { first_line: 5 } } } }
      const completed = {
        ...nextState(started, 'COMPLETED', 1, 3),
        data: { a: [1] },
        message: 'done',
        details: { flow_run_id: run.id },
      }
      const ended = applyState(started, completed)
      await store.transaction(async (tx) => tx.insertRun(leased, [run.state, pending]))
      expect(await store.transaction((tx) => tx.findRunsOfSession(SESSION.id))).toEqual([leased])
      await store.transaction(async (tx) => {
        expect(await tx.findRun(run.id)).toEqual(leased)
        tx.updateRun(started, [running])
        expect(await tx.findRun(run.id)).toEqual(started)
        tx.updateRun(ended, [completed])
      })
      expect(await store.find.findRun(run.id)).toEqual(ended)
      expect(await store.find.findState(running.id)).toEqual(running)
      await store.transaction(async (tx) => {
        expect(await tx.findRunsOfSession(SESSION.id)).toEqual([])
        expect((await tx.findRunByIdempotencyKey(FLOW.id, 'once'))?.id).toBe(run.id)
        expect(await tx.findRunByIdempotencyKey(uuid(1, 2), 'once')).toBeUndefined()
        tx.saveRunResult(run.id, { answer: 42 })
      })
      expect(await store.find.findRunResult(run.id)).toEqual({ answer: 42 })
      expect(await store.find.findRunResult(uuid(9, 2))).toBeUndefined()
    })

    test('a run is written as it is now, also where it rarely changes', async () => {
      const run = sampleRun(1)
      await store.transaction(async (tx) => tx.insertRun(run, [run.state]))
      const changed = { ...run, name: 'other', tags: ['new'], parameters: { n: 1 }, labels: { a: true } }
      await store.transaction(async (tx) => {
        const found = await tx.findRun(run.id)
        if (found) tx.updateRun({ ...found, ...changed }, [])
      })
      expect(await store.find.findRun(run.id)).toEqual(changed)
      await store.transaction(async (tx) => tx.updateRun({ ...run, retries: 3 }, []))
      expect(await store.find.findRun(run.id)).toEqual({ ...run, retries: 3 })
    })

    test('an idempotency key starts one run of a flow only', async () => {
      const one = sampleRun(1, { idempotencyKey: 'once' })
      const two = sampleRun(2, { idempotencyKey: 'once' })
      await store.transaction(async (tx) => tx.insertRun(one, [one.state]))
      const again = store.transaction(async (tx) => tx.insertRun(two, [two.state]))
      await expect(again).rejects.toMatchObject({ code: 'store_failed' })
      expect(await store.find.findRun(two.id)).toBeUndefined()
    })

    test('a state is its own event, with the attempt it belongs to', async () => {
      const run = sampleRun(1)
      const running = nextState(run, 'RUNNING', 1, 1)
      const started = applyState(run, running)
      const completed = nextState(started, 'COMPLETED', 1, 2)
      const ended = applyState(started, completed)
      await store.transaction(async (tx) => tx.insertRun(ended, [run.state, running, completed]))
      const event = await store.find.findEvent(running.id)
      expect(event).toMatchObject({
        id: running.id,
        event: 'prefect.flow-run.Running',
        follows: run.state.id,
        occurred: running.at,
      })
      expect(event?.payload).toMatchObject({ intended: { from: 'SCHEDULED', to: 'RUNNING' } })
      expect(event?.resource['prefect.run-count']).toBe('1')
      expect((await store.find.findEvent(run.state.id))?.resource['prefect.run-count']).toBe('0')
      expect(event?.related.map((resource) => resource['prefect.resource.name'])).toContain('chatbot')
      expect(await store.transaction((tx) => tx.insertEvent({ ...sampleEvent(1), id: running.id }))).toBe(false)
    })

    test('runs that wait, oldest due first', async () => {
      await store.transaction(async (tx) => {
        for (const n of [3, 1, 2]) tx.insertRun(sampleRun(n), [scheduledState(n)])
        const free = sampleRun(4, { deploymentId: null })
        tx.insertRun(free, [free.state])
        const taken = sampleRun(5)
        const pending = nextState(taken, 'PENDING', 5, 1)
        tx.insertRun(grantLease(taken, pending, SESSION.id), [taken.state, pending])
      })
      const waiting = await store.transaction((tx) => tx.loadWaitingRuns())
      expect(waiting.map(({ id }) => id)).toEqual([uuid(9, 1), uuid(9, 2), uuid(9, 3)])
      expect(waiting[0]).toEqual({ id: uuid(9, 1), deploymentId: DEPLOYMENT.id, versionId: uuid(3, 1), dueAt: START + 1 })
    })

    test('what a run reports, once each; a deleted run takes it along', async () => {
      const run = sampleRun(1)
      const state = nextState(run, 'RUNNING', 1, 20)
      const task = sampleTaskRun(1, run.id, state)
      const chunk: Chunk = { flowRunId: run.id, attempt: 1, n: 1, text: 'hel' }
      await store.transaction(async (tx) => {
        tx.insertRun(run, [run.state])
        tx.saveTaskRun(task, state)
        tx.saveTaskRun({ ...task, runCount: 2, endAt: 9 }, state)
        for (const result of ['first', 'second']) tx.insertTaskResult(run.id, 'look-up', '1', { result })
        for (const message of ['a', 'b']) tx.insertLog({ ...sampleLog(1, run.id), message })
        expect(await tx.insertChunk(chunk)).toBe(true)
        expect(await tx.insertChunk({ ...chunk, text: 'other' })).toBe(false)
        expect(await tx.findTaskRun(task.id)).toEqual({ ...task, runCount: 2, endAt: 9 })
        expect(await tx.loadTaskResults(run.id)).toEqual([{ taskKey: 'look-up', dynamicKey: '1', result: { result: 'first' } }])
        tx.saveRunResult(run.id, 1)
      })
      expect((await store.find.findEvent(state.id))?.event).toBe('prefect.task-run.Running')
      expect(await store.read.chunks(run.id, { attempt: 0, n: 0 }, 9)).toEqual([chunk])
      expect(
        JSON.parse(await store.read.logs({ flow_run_id: { any_: [run.id] } }, 'TIMESTAMP_ASC', { limit: 9, offset: 0 })),
      ).toMatchObject([{ message: 'a' }])
      await store.transaction(async (tx) => tx.deleteRun(run.id))
      expect(await store.find.findRun(run.id)).toBeUndefined()
      expect(await store.find.findTaskRun(task.id)).toBeUndefined()
      expect(await store.find.findEvent(state.id)).toBeUndefined()
      expect(await store.find.findRunResult(run.id)).toBeUndefined()
      expect(await store.read.chunks(run.id, { attempt: 0, n: 0 }, 9)).toEqual([])
      expect(await store.transaction((tx) => tx.loadTaskResults(run.id))).toEqual([])
    })

    test('sessions and hooks', async () => {
      await store.transaction(async (tx) => {
        tx.saveSession(SESSION)
        tx.saveSession({ ...SESSION, pid: 8 })
        tx.saveHook(HOOK)
        tx.saveHook({ ...HOOK, id: uuid(14, 2), name: 'open', secret: null })
        expect(await tx.loadSessions()).toEqual([{ ...SESSION, pid: 8 }])
        expect(await tx.findSession(SESSION.id)).toEqual({ ...SESSION, pid: 8 })
        tx.deleteSession(SESSION.id)
        expect(await tx.findSession(SESSION.id)).toBeUndefined()
      })
      expect(await store.find.findHook('shop')).toEqual(HOOK)
      expect(JSON.parse(await store.read.hooks())).toMatchObject([
        { name: 'open', signed: false },
        { name: 'shop', signed: true, event: 'shop.order' },
      ])
      await store.transaction(async (tx) => tx.deleteHook('shop'))
      expect(await store.find.findHook('shop')).toBeUndefined()
    })
  })
}
