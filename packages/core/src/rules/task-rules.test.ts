import { describe, expect, test } from 'vitest'
import { NOW } from '../../test/a-run.ts'
import { enterState, type StateProposal } from '../states.ts'
import type { TaskRun } from '../task-run.ts'
import { decide } from './policy.ts'
import { deferredTaskPolicy, type TaskFacts, taskRunPolicy } from './task-rules.ts'

type Proposed = Omit<StateProposal, 'id'>

function aTaskRun(state: Proposed, parts: Partial<TaskRun> = {}): TaskRun {
  return {
    id: 't',
    flowRunId: 'r',
    taskKey: 'k',
    dynamicKey: '0',
    name: 'k-0',
    tags: [],
    state: enterState({ id: 's', ...state }, NOW - 1_000_000, null),
    runCount: 0,
    expectedStartAt: null,
    startAt: null,
    endAt: null,
    kept: null,
    createdAt: NOW,
    updatedAt: NOW,
    ...parts,
  }
}

const inFlow = (state: Proposed, runCount = 1): TaskFacts['flowRun'] => ({
  state: enterState({ id: 'f', ...state }, NOW, null),
  runCount,
})
const RUNNING = inFlow({ type: 'RUNNING' })

interface Case {
  readonly run: TaskRun
  readonly proposed: Proposed
  readonly flowRun?: TaskFacts['flowRun']
}

function check({ run, proposed, flowRun = RUNNING }: Case, expected: string, policy = taskRunPolicy): void {
  const decision = decide(policy, { run, proposed: { id: 'n', ...proposed }, now: NOW, flowRun })
  const state = 'state' in decision ? (decision.state?.name ?? 'stays') : ''
  expect(`${decision.status} ${state}`.trim()).toBe(expected)
}

describe('a task runs while its flow does', () => {
  const run = aTaskRun({ type: 'PENDING' })
  const proposed = { type: 'RUNNING' } as const
  test('it does', () => check({ run, proposed }, 'ACCEPT Running'))
  test('outside of a flow', () => check({ run, proposed, flowRun: null }, 'ACCEPT Running'))
  test('not before', () => check({ run, proposed, flowRun: inFlow({ type: 'PENDING' }) }, 'ABORT'))
  test('not after', () => check({ run, proposed, flowRun: inFlow({ type: 'CANCELLED' }) }, 'ABORT'))
  test('it waits while the flow is paused', () =>
    check({ run, proposed, flowRun: inFlow({ type: 'PAUSED' }) }, 'REJECT NotReady'))
})

describe('retries', () => {
  const failing = (retries: number | null, more: Partial<TaskRun> = {}): TaskRun =>
    aTaskRun({ type: 'RUNNING' }, { runCount: 1, kept: { empirical_policy: { retries, retry_delay: [1, 5] } }, ...more })
  test('while some are left', () => check({ run: failing(1), proposed: { type: 'FAILED' } }, 'REJECT AwaitingRetry'))
  test('until none is', () => check({ run: failing(1, { runCount: 2 }), proposed: { type: 'FAILED' } }, 'ACCEPT Failed'))
  test('none without a policy', () => check({ run: failing(null), proposed: { type: 'FAILED' } }, 'ACCEPT Failed'))
  test('not where the client says that it is final', () =>
    check({ run: failing(1), proposed: { type: 'FAILED', details: { retriable: false } } }, 'ACCEPT Failed'))
  test.each([
    [1, 1],
    [2, 5],
    [3, 5],
  ])('after attempt %i the pause is %i s', (runCount, seconds) => {
    const proposed = { id: 'n', type: 'FAILED' } as const
    const decision = decide(taskRunPolicy, { run: failing(3, { runCount }), proposed, now: NOW, flowRun: RUNNING })
    expect(decision).toMatchObject({ state: { scheduledAt: NOW + seconds * 1_000_000 } })
  })
  test('the next attempt has a name of its own', () =>
    check(
      {
        run: aTaskRun({ type: 'SCHEDULED', name: 'AwaitingRetry', scheduledAt: NOW }, { runCount: 1 }),
        proposed: { type: 'RUNNING' },
      },
      'ACCEPT Retrying',
    ))
  test('so has one in another attempt of its flow', () =>
    check(
      {
        run: aTaskRun({ type: 'FAILED' }, { runCount: 1, kept: { flow_run_run_count: 1 } }),
        proposed: { type: 'RUNNING' },
        flowRun: inFlow({ type: 'RUNNING' }, 2),
      },
      'ACCEPT Retrying',
    ))
})

describe('what has ended', () => {
  const stored = aTaskRun({ type: 'COMPLETED', data: { storage_key: 'k' } }, { runCount: 1 })
  test('a stored result stays', () => check({ run: stored, proposed: { type: 'RUNNING' } }, 'REJECT stays'))
  test.each(['CRASHED', 'PAUSED', 'CANCELLING'] as const)('is not %s any more', (type) =>
    check({ run: aTaskRun({ type: 'FAILED' }), proposed: { type } }, 'ABORT'),
  )
  test('may run again without one', () =>
    check(
      { run: aTaskRun({ type: 'FAILED' }, { kept: { flow_run_run_count: 1 } }), proposed: { type: 'RUNNING' } },
      'ACCEPT Running',
    ))
})

describe('a task that is given to a worker', () => {
  test('is taken once', () =>
    check({ run: aTaskRun({ type: 'PENDING' }), proposed: { type: 'PENDING' } }, 'ABORT', deferredTaskPolicy))
  test('runs whatever its flow does', () =>
    check(
      { run: aTaskRun({ type: 'PENDING' }), proposed: { type: 'RUNNING' }, flowRun: inFlow({ type: 'COMPLETED' }) },
      'ACCEPT Running',
      deferredTaskPolicy,
    ))
})
