import { expect, test } from 'vitest'
import { aRun, NOW } from '../test/a-run.ts'
import { applyState, grantLease } from './apply-state.ts'
import { enterState, type StateType } from './states.ts'

const state = (type: StateType, at = NOW) => enterState({ id: `${type}-state`, type }, at, null)

test('each lease has the next epoch, so an old holder can be told from the new one', () => {
  const first = grantLease(aRun({ type: 'SCHEDULED' }), state('PENDING'), 'one')
  expect(first).toMatchObject({ epoch: 1, sessionId: 'one', runCount: 0 })
  const back = applyState(first, state('SCHEDULED'))
  expect(back.sessionId).toBeNull()
  expect(grantLease(back, state('PENDING'), 'two')).toMatchObject({ epoch: 2, sessionId: 'two' })
})

test('a run counts its entries into Running, and keeps its first start', () => {
  const first = applyState(aRun({ type: 'PENDING' }), state('RUNNING', NOW))
  const again = applyState(applyState(first, state('SCHEDULED', NOW + 5)), state('RUNNING', NOW + 9))
  expect(again).toMatchObject({ runCount: 2, startAt: NOW, endAt: null, totalRunMicros: 5 })
})

test('a run that never ran began with its end', () => {
  const ended = applyState(aRun({ type: 'SCHEDULED' }), state('CANCELLED', NOW))
  expect(ended).toMatchObject({ startAt: NOW, endAt: NOW, runCount: 0, totalRunMicros: 0 })
  expect(applyState(aRun({ type: 'PENDING' }), state('CANCELLING', NOW)).startAt).toBeNull()
})

test('the end of a run ends its lease', () => {
  const running = applyState(aRun({ type: 'PENDING' }, { sessionId: 'one', epoch: 1 }), state('RUNNING'))
  expect(running.sessionId).toBe('one')
  expect(applyState(running, state('COMPLETED', NOW + 250))).toMatchObject({
    sessionId: null,
    endAt: NOW + 250,
    totalRunMicros: 250,
    epoch: 1,
  })
})
