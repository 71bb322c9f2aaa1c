import { describe, expect, test } from 'vitest'
import { aRun, NOW } from '../../test/a-run.ts'
import type { FlowRun } from '../run.ts'
import { afterExecutorEnded, handBack, type RunEnding } from './executor-ended.ts'
import { decide, flowRunPolicy } from './policy.ts'
import { endedMessage, sayDuration, stagesMessage } from './stop-message.ts'

const GONE: RunEnding = { reason: 'exit code 1', kind: 'exit', stages: [], handBack: false, draining: false }
const RUNNING: Partial<FlowRun> = { sessionId: 'session', epoch: 1, runCount: 1 }
const running = aRun({ type: 'RUNNING' }, RUNNING)
const pending = aRun({ type: 'PENDING' }, { sessionId: 'session', epoch: 1 })

function check(run: FlowRun, ending: Partial<RunEnding>, expected: string): void {
  const { type, name, message, handedBack } = afterExecutorEnded(run, { ...GONE, ...ending }, NOW)
  expect(`${name ?? type}${handedBack ? ' (handed back)' : ''}: ${message}`).toBe(expected)
}

describe('a run whose executor is gone', () => {
  test('crashes, and says what its host says', () => check(running, {}, 'CRASHED: exit code 1'))
  test('also where nobody saw it', () =>
    check(running, { kind: null, reason: 'its channel was closed' }, 'CRASHED: its channel was closed'))
  test('has timed out where that is why', () =>
    check(running, { kind: 'timeout', reason: 'took longer than 2 s' }, 'TimedOut: took longer than 2 s'))
  test('is handed back where its executor left it to others', () =>
    check(running, { handBack: true, reason: 'the host leaves' }, 'SCHEDULED (handed back): handed back: the host leaves'))
  test('is handed back where it was sent to one that was just leaving', () =>
    check(pending, { draining: true, reason: 'it has left' }, 'SCHEDULED (handed back): handed back: it has left'))
  test('and where its host retired it before it had started', () =>
    check(pending, { kind: 'retired', reason: 'idle' }, 'SCHEDULED (handed back): handed back: idle'))
  test('but one that crashes at its start is not handed back for ever', () => check(pending, {}, 'CRASHED: exit code 1'))
  test('nor is a draining one that was at work', () => check(running, { draining: true }, 'CRASHED: exit code 1'))
})

describe('a run that is being cancelled', () => {
  const cancelling = aRun({ type: 'CANCELLING' }, RUNNING)
  const stages = [
    { stage: 'abort', after_ms: 0 },
    { stage: 'SIGTERM', after_ms: 5_000 },
    { stage: 'gone', after_ms: 5_020 },
  ] as const
  test('is Cancelled, however its executor ended', () =>
    check(cancelling, {}, 'CANCELLED: aborted; gone 1.0 s later: exit code 1'))
  test('with the steps it took, where they are known', () =>
    check(cancelling, { kind: 'cancel', stages }, 'CANCELLED: aborted; SIGTERM after 5.0 s; gone 20 ms later'))
  test('also when its executor hands back what it has', () =>
    check(cancelling, { handBack: true }, 'CANCELLED: aborted; gone 1.0 s later: exit code 1'))
  test('and why it was asked for stands before it', () =>
    check(
      aRun({ type: 'CANCELLING', message: 'wrong customer' }, RUNNING),
      { stages },
      'CANCELLED: wrong customer: aborted; SIGTERM after 5.0 s; gone 20 ms later',
    ))
})

describe('handing back costs no retry', () => {
  const outcome = (run: FlowRun): string => {
    const decision = decide(flowRunPolicy, { run, proposed: { id: 'x', type: 'FAILED' }, now: NOW, byExecutor: true })
    return decision.status === 'WAIT' || decision.status === 'ABORT' ? decision.status : (decision.state?.name ?? 'stays')
  }
  const again = (run: FlowRun, parts: Partial<FlowRun>): FlowRun => ({ ...handBack(run), ...parts, state: running.state })
  test('a run without retries fails at its first failure', () =>
    expect(outcome(again(running, { runCount: 2, epoch: 2 }))).toBe('Failed'))
  test('and so it does where it was handed back before it had started', () =>
    expect(outcome(again(pending, { runCount: 1, epoch: 2 }))).toBe('Failed'))
  test('one with a retry has it still', () => {
    const handed = handBack({ ...running, retries: 1 })
    expect(outcome({ ...handed, runCount: 2, epoch: 2 })).toBe('AwaitingRetry')
    expect(outcome({ ...handed, runCount: 3, epoch: 3 })).toBe('Failed')
  })
})

describe('what people read', () => {
  test('the steps of a stop, each with its time', () =>
    expect(
      stagesMessage([
        { stage: 'abort', after_ms: 0 },
        { stage: 'SIGTERM', after_ms: 5_004 },
        { stage: 'SIGKILL', after_ms: 7_010 },
        { stage: 'gone', after_ms: 7_013 },
      ]),
    ).toBe('aborted; SIGTERM after 5.0 s; SIGKILL after 7.0 s; gone 3 ms later'))
  test('a function that ended by itself', () => expect(endedMessage(12_300)).toBe('aborted; the function ended 12 ms later'))
  test.each([
    [0.2, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_940, '59.9 s'],
    [125_000, '2 min 5 s'],
    [120_000, '2 min'],
    [3_660_000, '1 h 1 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms is %s', (ms, said) => expect(sayDuration(ms)).toBe(said))
})
