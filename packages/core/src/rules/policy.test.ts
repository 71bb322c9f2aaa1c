import { describe, expect, test } from 'vitest'
import { aRun, NOW } from '../../test/a-run.ts'
import type { Json } from '../json.ts'
import type { FlowRun } from '../run.ts'
import type { StateProposal } from '../states.ts'
import { toIso } from '../time.ts'
import { decide, flowRunPolicy, forcedPolicy } from './policy.ts'

const LEASED: Partial<FlowRun> = { sessionId: 'session', epoch: 1 }
const RUNNING: Partial<FlowRun> = { ...LEASED, runCount: 1 }

interface Case {
  readonly run: FlowRun
  readonly proposed: Omit<StateProposal, 'id'>
  readonly byExecutor?: boolean
}

/** Asks the policy, and says in a few words what it decided. */
function check({ run, proposed, byExecutor = false }: Case, expected: string, policy = flowRunPolicy): void {
  const decision = decide(policy, { run, proposed: { id: 'new-state', ...proposed }, now: NOW, byExecutor })
  const words = {
    ACCEPT: () => (decision.status === 'ACCEPT' ? `accept ${decision.state.name}` : ''),
    REJECT: () => (decision.status === 'REJECT' ? `reject ${decision.state?.name ?? 'stays'}` : ''),
    WAIT: () => (decision.status === 'WAIT' ? `wait ${decision.delayMs}` : ''),
    ABORT: () => 'abort',
  }
  expect(words[decision.status]()).toBe(expected)
}

describe('the usual way', () => {
  test('a scheduled run that is due becomes Pending', () =>
    check({ run: aRun({ type: 'SCHEDULED' }), proposed: { type: 'PENDING' } }, 'accept Pending'))
  test('then Running', () =>
    check({ run: aRun({ type: 'PENDING' }, LEASED), proposed: { type: 'RUNNING' }, byExecutor: true }, 'accept Running'))
  test('then Completed', () =>
    check({ run: aRun({ type: 'RUNNING' }, RUNNING), proposed: { type: 'COMPLETED' }, byExecutor: true }, 'accept Completed'))
  test('a custom name is kept', () =>
    check(
      { run: aRun({ type: 'RUNNING' }, RUNNING), proposed: { type: 'COMPLETED', name: 'Cached' }, byExecutor: true },
      'accept Cached',
    ))
})

describe('waiting until due', () => {
  const early = aRun({ type: 'SCHEDULED', scheduledAt: NOW + 1_500_000 })
  test('an early run waits out the difference', () => check({ run: early, proposed: { type: 'RUNNING' } }, 'wait 1500'))
  test('whoever takes it before has to wait as well', () => {
    const taken = decide(flowRunPolicy, { run: early, proposed: { id: 'p', type: 'PENDING' }, now: NOW, byExecutor: false })
    expect(taken).toMatchObject({ status: 'ACCEPT', state: { scheduledAt: NOW + 1_500_000 } })
    check({ run: aRun({ type: 'PENDING', scheduledAt: NOW + 1_500_000 }), proposed: { type: 'RUNNING' } }, 'wait 1500')
  })
  test('half a second is near enough', () =>
    check({ run: aRun({ type: 'SCHEDULED', scheduledAt: NOW + 500_000 }), proposed: { type: 'RUNNING' } }, 'accept Running'))
  test('but it can be cancelled', () => check({ run: early, proposed: { type: 'CANCELLED' } }, 'accept Cancelled'))
})

describe('a terminal state stays (I3)', () => {
  const ours = { epoch: 1, runCount: 1 }
  const completed = aRun({ type: 'COMPLETED' }, ours)
  test.each(['FAILED', 'CRASHED', 'CANCELLED'] as const)('Completed never becomes %s', (type) =>
    check({ run: completed, proposed: { type } }, 'abort'),
  )
  test.each(['RUNNING', 'PENDING', 'SCHEDULED', 'CANCELLING', 'PAUSED'] as const)('Completed is not taken back to %s', (type) =>
    check({ run: completed, proposed: { type } }, 'reject stays'),
  )
  test('a failed run of a deployment can be scheduled anew', () =>
    check({ run: aRun({ type: 'FAILED' }, ours), proposed: { type: 'SCHEDULED' } }, 'accept Scheduled'))
  test('one without a deployment cannot', () =>
    check({ run: aRun({ type: 'FAILED' }, { ...ours, deploymentId: null }), proposed: { type: 'SCHEDULED' } }, 'abort'))
  test('a crashed run does not complete late', () =>
    check({ run: aRun({ type: 'CRASHED' }, ours), proposed: { type: 'COMPLETED' }, byExecutor: true }, 'abort'))
})

describe('a run that ended elsewhere', () => {
  const failed = aRun({ type: 'FAILED' }, { runCount: 1 })
  test('may be run again by whoever ran it', () => check({ run: failed, proposed: { type: 'RUNNING' } }, 'accept Running'))
  test('but not when it has stored what it returned', () =>
    check({ run: aRun({ type: 'COMPLETED', data: { storage_key: 'k' } }), proposed: { type: 'RUNNING' } }, 'reject stays'))
  test('keeps the end it had', () => check({ run: failed, proposed: { type: 'COMPLETED' } }, 'reject stays'))
  test.each(['CRASHED', 'CANCELLING', 'PAUSED'] as const)('is not %s any more', (type) =>
    check({ run: failed, proposed: { type } }, 'abort'),
  )
})

describe('cancelling (I10)', () => {
  test('a run that waits is Cancelled at once', () =>
    check({ run: aRun({ type: 'SCHEDULED' }), proposed: { type: 'CANCELLING' } }, 'reject Cancelled'))
  test('a run at work is Cancelling until its work is gone', () =>
    check({ run: aRun({ type: 'RUNNING' }, RUNNING), proposed: { type: 'CANCELLING' } }, 'accept Cancelling'))
  test('also when Cancelled was asked for', () =>
    check({ run: aRun({ type: 'RUNNING' }, RUNNING), proposed: { type: 'CANCELLED' } }, 'reject Cancelling'))
  test('its executor may say that it is gone', () =>
    check({ run: aRun({ type: 'CANCELLING' }, RUNNING), proposed: { type: 'CANCELLED' }, byExecutor: true }, 'accept Cancelled'))
  test('asking twice changes nothing', () =>
    check({ run: aRun({ type: 'CANCELLING' }, RUNNING), proposed: { type: 'CANCELLING' } }, 'reject stays'))
  test('nor does asking for Cancelled while it is being stopped', () =>
    check({ run: aRun({ type: 'CANCELLING' }, RUNNING), proposed: { type: 'CANCELLED' } }, 'reject stays'))
  test('without an executor of ours whoever stopped it says so', () =>
    check({ run: aRun({ type: 'CANCELLING' }), proposed: { type: 'CANCELLED' } }, 'accept Cancelled'))
  test.each(['AwaitingRetry', 'Late'])('one that is %s is Cancelled at once', (name) =>
    check({ run: aRun({ type: 'SCHEDULED', name }), proposed: { type: 'CANCELLING' } }, 'reject Cancelled'),
  )
  test('nothing else may follow', () =>
    check({ run: aRun({ type: 'CANCELLING' }, RUNNING), proposed: { type: 'COMPLETED' }, byExecutor: true }, 'reject stays'))
  test('a run without an executor of ours is cancelled as it is asked', () =>
    check({ run: aRun({ type: 'RUNNING' }), proposed: { type: 'CANCELLED' } }, 'accept Cancelled'))
})

describe('races', () => {
  test('the second one that wants to start a run leaves it', () =>
    check({ run: aRun({ type: 'PENDING' }, LEASED), proposed: { type: 'PENDING' } }, 'abort'))
  test('another name within Pending is no race', () =>
    check({ run: aRun({ type: 'PENDING' }), proposed: { type: 'PENDING', name: 'Submitting' } }, 'accept Submitting'))
  test('a transition that was sent again changes nothing', () => {
    const details = { transition_id: 'once' }
    check({ run: aRun({ type: 'PENDING', details }), proposed: { type: 'PENDING', name: 'Submitting', details } }, 'reject stays')
  })
  test('a run that has started is not Late', () =>
    check({ run: aRun({ type: 'RUNNING' }), proposed: { type: 'SCHEDULED', name: 'Late' } }, 'reject stays'))
})

describe('retries', () => {
  const retrying = (parts: Partial<FlowRun>) => aRun({ type: 'RUNNING' }, { ...RUNNING, retries: 2, retryDelayMs: 500, ...parts })
  test('a failed attempt is tried again', () =>
    check({ run: retrying({}), proposed: { type: 'FAILED' }, byExecutor: true }, 'reject AwaitingRetry'))
  test('so is a crashed one', () =>
    check({ run: retrying({}), proposed: { type: 'CRASHED' }, byExecutor: true }, 'reject AwaitingRetry'))
  test('until none is left', () =>
    check({ run: retrying({ runCount: 3 }), proposed: { type: 'FAILED' }, byExecutor: true }, 'accept Failed'))
  test('an executor that dies before Running has used up an attempt too', () =>
    check(
      { run: aRun({ type: 'PENDING' }, { ...LEASED, epoch: 3, retries: 2 }), proposed: { type: 'CRASHED' }, byExecutor: true },
      'accept Crashed',
    ))
  test('the next attempt is due after the delay', () => {
    const decision = decide(flowRunPolicy, {
      run: retrying({}),
      proposed: { id: 'x', type: 'FAILED' },
      now: NOW,
      byExecutor: true,
    })
    expect(decision).toMatchObject({ state: { scheduledAt: NOW + 500_000, type: 'SCHEDULED' } })
  })
})

describe('pausing', () => {
  const policy = (empirical_policy: Record<string, Json>): Partial<FlowRun> => ({ kept: { empirical_policy } })
  const leaving = { pause_reschedule: true }
  const keyed = { type: 'PAUSED', details: { pause_key: 'a' } } as const
  test('a run that runs may pause', () =>
    check({ run: aRun({ type: 'RUNNING' }), proposed: { type: 'PAUSED' } }, 'accept Paused'))
  test('one that does not run may not', () =>
    check({ run: aRun({ type: 'PENDING' }), proposed: { type: 'PAUSED' } }, 'reject stays'))
  test('once for each key', () =>
    check({ run: aRun({ type: 'RUNNING' }, policy({ pause_keys: ['a'] })), proposed: keyed }, 'reject stays'))
  test('another key is another pause', () =>
    check({ run: aRun({ type: 'RUNNING' }, policy({ pause_keys: ['b'] })), proposed: keyed }, 'accept Paused'))
  test('a run of a deployment may leave its process', () =>
    check({ run: aRun({ type: 'RUNNING' }), proposed: { type: 'PAUSED', details: leaving } }, 'accept Paused'))
  test('one without a deployment would not be started again', () =>
    check({ run: aRun({ type: 'RUNNING' }, { deploymentId: null }), proposed: { type: 'PAUSED', details: leaving } }, 'abort'))
  test('nor would a subflow', () =>
    check({ run: aRun({ type: 'RUNNING' }, { parentTaskRunId: 't' }), proposed: { type: 'PAUSED', details: leaving } }, 'abort'))
  test('an executor of ours cannot pause', () =>
    check({ run: aRun({ type: 'RUNNING' }, RUNNING), proposed: { type: 'PAUSED' }, byExecutor: true }, 'abort'))
})

describe('resuming', () => {
  const inTime = { pause_timeout: toIso(NOW + 1) }
  const tooLate = { pause_timeout: toIso(NOW - 1) }
  test('in time', () =>
    check({ run: aRun({ type: 'PAUSED', details: inTime }), proposed: { type: 'RUNNING' } }, 'accept Running'))
  test('too late', () =>
    check({ run: aRun({ type: 'PAUSED', details: tooLate }), proposed: { type: 'RUNNING' } }, 'reject Failed'))
  test('it may be stopped at any time', () =>
    check({ run: aRun({ type: 'PAUSED', details: tooLate }), proposed: { type: 'CANCELLING' } }, 'accept Cancelling'))
  test('a suspended one is Cancelled at once', () =>
    check(
      { run: aRun({ type: 'PAUSED', details: { pause_reschedule: true } }), proposed: { type: 'CANCELLING' } },
      'reject Cancelled',
    ))
  test('it does not begin again as Pending', () =>
    check({ run: aRun({ type: 'PAUSED' }), proposed: { type: 'PENDING' } }, 'reject stays'))
})

test('a run that is late is not late again', () =>
  check({ run: aRun({ type: 'SCHEDULED', name: 'Late' }), proposed: { type: 'SCHEDULED', name: 'Late' } }, 'reject stays'))
test('plain Pending does not take a run back that has gone on', () =>
  check({ run: aRun({ type: 'PENDING', name: 'Submitting' }), proposed: { type: 'PENDING' } }, 'abort'))
test('a run that somebody has a process for is Cancelling until it is gone', () =>
  check(
    { run: aRun({ type: 'SCHEDULED' }, { kept: { infrastructure_pid: '7' } }), proposed: { type: 'CANCELLING' } },
    'accept Cancelling',
  ))
test('whoever runs a flow tries it again itself, and keeps what it failed with', () => {
  const run = aRun({ type: 'RUNNING' }, { runCount: 1, retries: 1 })
  const proposed = { id: 'f', type: 'FAILED', message: 'no', data: { storage_key: 'k' } } as const
  const decision = decide(flowRunPolicy, { run, proposed, now: NOW, byExecutor: false })
  expect(decision).toMatchObject({
    status: 'REJECT',
    state: { name: 'AwaitingRetry', message: 'no', data: { storage_key: 'k' } },
  })
})
test('its crash is not tried again', () =>
  check({ run: aRun({ type: 'RUNNING' }, { runCount: 1, retries: 1 }), proposed: { type: 'CRASHED' } }, 'accept Crashed'))
test('a person who forces a state passes by the rules', () =>
  check({ run: aRun({ type: 'COMPLETED' }), proposed: { type: 'FAILED' } }, 'accept Failed', forcedPolicy))
