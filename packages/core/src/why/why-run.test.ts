import { describe, expect, test } from 'vitest'
import { aRun, NOW } from '../../test/a-run.ts'
import type { FlowRun } from '../run.ts'
import type { WhyRunFacts } from './facts.ts'
import { whyRun } from './why-run.ts'

const NOBODY = { current: 0, places: 0, taken: 0, away: 0, older: 0 }
const DEPLOYMENT = {
  id: 'd',
  flowName: 'hello',
  name: 'main',
  entrypoint: 'hello.ts:hello',
  paused: false,
  version: 'v2',
  events: ['person.*'],
  program: 'hello.ts',
}
const waiting = aRun({ type: 'SCHEDULED', scheduledAt: NOW - 12_000_000 })
const HOLDER = { name: 'hello.ts', pid: 7, host: 'box', away: false, ofHost: false }
const PROGRAM = { ...DEPLOYMENT, entrypoint: null, program: 'chatbot.ts' }
const SERVE = "pilot serve hello.ts:hello --name main --on 'person.*'"

function ask(run: FlowRun, facts: Partial<WhyRunFacts> = {}) {
  return whyRun({
    run,
    now: NOW,
    deployment: DEPLOYMENT,
    executors: NOBODY,
    pool: null,
    runnerPolledAt: null,
    ahead: 0,
    holder: null,
    lastOutput: null,
    states: [],
    ...facts,
  })
}

describe('a run that waits', () => {
  const cases: readonly [string, Partial<WhyRunFacts>, string, string, string | null][] = [
    [
      'nobody has its code',
      {},
      'no_executor',
      'It has waited for 12.0 s: no executor of hello/main is connected; start one.',
      SERVE,
    ],
    [
      "a runner of Prefect's is between two polls, and takes runs of a paused deployment too",
      { runnerPolledAt: NOW - 4_000_000, deployment: { ...DEPLOYMENT, paused: true } },
      'runner_pauses',
      'It has waited for 12.0 s: the runner of hello/main asked for runs 4.0 s ago, and asks again after its pause (PREFECT_RUNNER_POLL_FREQUENCY, 10 s).',
      null,
    ],
    [
      "a runner of Prefect's asks for it now",
      { runnerPolledAt: NOW },
      'starts_now',
      'It has waited for 12.0 s: the runner of hello/main is told of it, and has to claim it.',
      null,
    ],
    [
      "a runner of Prefect's is gone",
      { runnerPolledAt: NOW - 300_000_000 },
      'runner_gone',
      'It has waited for 12.0 s: the runner of hello/main asked for runs 5 min ago, and has not come back; start it again.',
      null,
    ],
    [
      'only older code is there',
      { executors: { ...NOBODY, older: 2 } },
      'older_code',
      'It has waited for 12.0 s: only older code of hello/main is connected (2 executors), and it needs version v2; start the current one.',
      SERVE,
    ],
    [
      'all places are taken, and others came before it',
      { executors: { ...NOBODY, current: 2, places: 10, taken: 10 }, ahead: 3 },
      'all_busy',
      'It has waited for 12.0 s: all 10 places of hello/main are taken (10 at work in 2 executors); raise --limit, or start another executor; 3 runs of it came before this one.',
      `${SERVE} --limit 10`,
    ],
    [
      'nobody has its code, and a program serves it',
      { deployment: PROGRAM },
      'no_executor',
      'It has waited for 12.0 s: no executor of hello/main is connected; start the program that serves it (chatbot.ts).',
      null,
    ],
    [
      'nobody has its code, and nobody remembers which program serves it',
      { deployment: { ...PROGRAM, program: null } },
      'no_executor',
      'It has waited for 12.0 s: no executor of hello/main is connected; start the program that serves it.',
      null,
    ],
    [
      'nobody has its code, which is not for pilot serve',
      { deployment: { ...PROGRAM, entrypoint: 'flows/a.py:hello', program: null } },
      'no_executor',
      'It has waited for 12.0 s: no executor of hello/main is connected; start the program that serves it (flows/a.py:hello).',
      null,
    ],
    [
      'only older code of a program is there',
      { deployment: PROGRAM, executors: { ...NOBODY, older: 1 } },
      'older_code',
      'It has waited for 12.0 s: only older code of hello/main is connected (1 executor), and it needs version v2; start the program that serves it (chatbot.ts) again.',
      null,
    ],
    [
      'all places of a program are taken',
      { deployment: PROGRAM, executors: { ...NOBODY, current: 1, places: 1, taken: 1 } },
      'all_busy',
      'It has waited for 12.0 s: the only place of hello/main is taken (1 at work in 1 executor); raise its limit, or start another executor.',
      null,
    ],
    [
      'its only executor leaves',
      { executors: { ...NOBODY, current: 1, places: 0, taken: 0 } },
      'all_busy',
      'It has waited for 12.0 s: the 1 executor of hello/main takes no more runs; start another one.',
      SERVE,
    ],
    [
      'all its executors leave, and a program serves it',
      { deployment: PROGRAM, executors: { ...NOBODY, current: 2, places: 0, taken: 0 } },
      'all_busy',
      'It has waited for 12.0 s: the 2 executors of hello/main take no more runs; start the program that serves it (chatbot.ts).',
      null,
    ],
    [
      'all processes of a program are at work',
      { deployment: PROGRAM, pool: { starting: 0, ready: 0, busy: 1, failure: null } },
      'all_busy',
      'It has waited for 12.0 s: the only process of hello/main is at work; let the host keep more with warm.',
      null,
    ],
    [
      'its executor lost the connection',
      { executors: { ...NOBODY, away: 1 } },
      'executors_away',
      'It has waited for 12.0 s: 1 executor of hello/main has lost its connection, and has 6 s to come back.',
      null,
    ],
    [
      'both its executors lost the connection',
      { executors: { ...NOBODY, away: 2 } },
      'executors_away',
      'It has waited for 12.0 s: 2 executors of hello/main have lost their connections, and have 6 s to come back.',
      null,
    ],
    [
      'a place is free',
      { executors: { ...NOBODY, current: 1, places: 5, taken: 4 } },
      'starts_now',
      'It has waited for 12.0 s: a place of hello/main is free, and it starts now.',
      null,
    ],
    [
      'the deployment is paused',
      { deployment: { ...DEPLOYMENT, paused: true } },
      'deployment_paused',
      'It has waited for 12.0 s: hello/main is paused, and its runs start when it is resumed.',
      'pilot deployment resume hello/main',
    ],
    [
      'processes start',
      { pool: { starting: 1, ready: 0, busy: 4, failure: null } },
      'pool_starting',
      'It has waited for 12.0 s: 1 process is starting for hello/main (4 at work).',
      null,
    ],
    [
      'a host has just come',
      { pool: { starting: 0, ready: 0, busy: 0, failure: null } },
      'pool_starting',
      'It has waited for 12.0 s: the host of hello/main has no process ready, and starts one.',
      null,
    ],
    [
      'processes cannot start',
      { pool: { starting: 1, ready: 0, busy: 0, failure: 'onStart failed: no database.' } },
      'pool_failing',
      'It has waited for 12.0 s: the processes of hello/main cannot start: onStart failed: no database; mend that, and serve it again.',
      `${SERVE} --isolation fresh`,
    ],
    [
      'all processes are at work',
      { pool: { starting: 0, ready: 0, busy: 4, failure: null }, executors: { ...NOBODY, current: 4, places: 4, taken: 4 } },
      'all_busy',
      'It has waited for 12.0 s: all 4 processes of hello/main are at work; let the host keep more with --warm.',
      `${SERVE} --isolation fresh --warm 1..8`,
    ],
    [
      'it has no deployment',
      { deployment: null },
      'no_deployment',
      'It has waited for 12.0 s: it has no deployment, so whoever created it has to start it.',
      null,
    ],
  ]
  test.each(cases)('%s', (_, facts, reason, summary, command) => {
    expect(ask(waiting, facts)).toMatchObject({ reason, summary, command, since: NOW - 12_000_000 })
  })
  test('until its time', () => {
    expect(ask(aRun({ type: 'SCHEDULED', scheduledAt: NOW + 90_000_000 }))).toMatchObject({
      reason: 'due_later',
      summary: 'It is to start in 1 min 30 s, at 2023-11-14 22:14:50 UTC; no process waits for it.',
      until: NOW + 90_000_000,
    })
  })
  test('for its retry', () => {
    const run = aRun(
      { type: 'SCHEDULED', name: 'AwaitingRetry', message: 'no route', scheduledAt: NOW + 4_000_000 },
      { runCount: 1 },
    )
    const sentence = { ...run, state: { ...run.state, message: 'There is no route.' } }
    expect(ask(sentence).summary).toMatch(/^Attempt 1 did not succeed: There is no route\. The next/)
    expect(ask(run)).toMatchObject({
      reason: 'retry_later',
      summary:
        'Attempt 1 did not succeed: no route. The next one starts in 4.0 s, at 2023-11-14 22:13:24 UTC; no process waits for it.',
    })
  })
})

describe('a run that somebody has', () => {
  const say = (run: FlowRun, facts: Partial<WhyRunFacts> = {}) => ask(run, { holder: HOLDER, ...facts }).summary
  test('was sent', () =>
    expect(say(aRun({ type: 'PENDING' }))).toBe(
      'It was sent to hello.ts (pid 7 on box) 1.0 s ago, which has not reported its start yet.',
    ))
  test('runs', () =>
    expect(say(aRun({ type: 'RUNNING' }, { runCount: 1 }))).toBe(
      'It has been running for 1.0 s on hello.ts (pid 7 on box); it has put out nothing yet.',
    ))
  test('runs, and has said something', () =>
    expect(say(aRun({ type: 'RUNNING' }, { runCount: 2 }), { lastOutput: { at: NOW - 300_000, line: 'step 2' } })).toBe(
      'It has been running for 1.0 s in attempt 2 on hello.ts (pid 7 on box); its last output came 300 ms ago: "step 2".',
    ))
  test('is being cancelled, in the process of a host', () =>
    expect(say(aRun({ type: 'CANCELLING' }), { holder: { ...HOLDER, ofHost: true } })).toBe(
      'It was told to stop 1.0 s ago, and is still at work on hello.ts (pid 7 on box); its host sends SIGTERM and then SIGKILL when it does not end by itself.',
    ))
  test('is being cancelled, in a process that others share', () =>
    expect(say(aRun({ type: 'CANCELLING' }))).toBe(
      'It was told to stop 1.0 s ago, and is still at work on hello.ts (pid 7 on box); it is Cancelled when its function ends: pass run.signal to whatever it waits for.',
    ))
  test('is being cancelled, and its executor is away', () =>
    expect(say(aRun({ type: 'CANCELLING' }), { holder: { ...HOLDER, away: true } })).toBe(
      'It was told to stop 1.0 s ago, but the connection of hello.ts (pid 7 on box) is closed: it is told again when it comes back, and the run is Cancelled when it does not within 6 s.',
    ))
})

describe('a run that has ended', () => {
  const MARKS = {
    received: 0,
    matched: 200,
    committed: 700,
    dispatched: 800,
    executor_ready: 900,
    code_ready: 900,
    first_line: 1_000,
  }
  const done = (at: object, state: object = {}) =>
    ask(aRun({ type: 'COMPLETED', ...state }, { runCount: 1, marks: { 1: { boot: 'b', at: { ...MARKS, ...at } } } })).summary
  test('in its own code for the most part', () =>
    expect(done({ completed: 9_000 })).toBe(
      'It is Completed. It took 9 ms, 8 ms of it in your own code; most of the rest was waiting for the disk (0.5 ms). A faster disk under PILOTFLAME_HOME would have saved up to 0.5 ms.',
    ))
  test('after waiting for an executor', () =>
    expect(
      done({ dispatched: 340_700, executor_ready: 340_800, code_ready: 340_800, first_line: 340_900, completed: 341_000 }),
    ).toBe(
      'It is Completed. It took 341 ms, most of it waiting for an executor that could take it (340 ms). An executor where none was connected, a higher --limit (or --warm for processes) where all were full, or resuming the deployment where it was paused would have saved up to 340 ms.',
    ))
  test('after waiting for its own moment, which no setting makes shorter', () => {
    const at = { ...MARKS, dispatched: 5_010_700, executor_ready: 5_010_800, code_ready: 5_010_800, first_line: 5_010_900 }
    const states = [
      { type: 'SCHEDULED', name: 'Scheduled', at: NOW, scheduledAt: NOW + 5_000_000 },
      { type: 'SCHEDULED', name: 'Late', at: NOW + 5_001_000, scheduledAt: NOW + 5_000_000 },
      { type: 'PENDING', name: 'Pending', at: NOW + 5_010_000, scheduledAt: null },
      { type: 'RUNNING', name: 'Running', at: NOW + 5_010_300, scheduledAt: null },
      { type: 'COMPLETED', name: 'Completed', at: NOW + 5_012_000, scheduledAt: null },
    ] as const
    const marks = { 1: { boot: 'b', at: { ...at, completed: 5_012_000 } } }
    expect(ask(aRun({ type: 'COMPLETED' }, { runCount: 1, marks }), { states }).summary).toMatch(
      /^It is Completed\. It took 12 ms, most of it waiting for an executor that could take it \(10 ms\)\./,
    )
  })
  test('badly', () =>
    expect(done({ completed: 9_000 }, { type: 'CRASHED', message: 'out of memory at 512 MB' })).toMatch(
      /^It is Crashed: out of memory at 512 MB\. It took 9 ms/,
    ))
  test('without having reported its end', () =>
    expect(
      ask(
        aRun(
          { type: 'CRASHED', message: 'exit code 1' },
          { runCount: 1, totalRunMicros: 50_000, marks: { 1: { boot: 'b', at: MARKS } } },
        ),
      ).summary,
    ).toMatch(/^It is Crashed: exit code 1\. It took 51 ms, 50 ms of it in your own code;/))
  test('without having reported its end, in a later attempt: its states say how long that was', () => {
    const seen = (type: 'RUNNING' | 'SCHEDULED' | 'PENDING' | 'CANCELLING' | 'CRASHED', seconds: number) =>
      ({
        type,
        name: type,
        at: NOW + seconds * 1_000_000,
        scheduledAt: type === 'SCHEDULED' ? NOW + seconds * 1_000_000 : null,
      }) as const
    const marks = {
      1: { boot: 'b', at: { ...MARKS, completed: 9_000 } },
      2: {
        boot: 'b',
        at: { committed: 0, dispatched: 2_500_000, first_line: 2_501_000, first_output: 2_502_500, last_output: 2_502_500 },
      },
    }
    const states = [
      ...[seen('SCHEDULED', 0), seen('PENDING', 0), seen('RUNNING', 0), seen('SCHEDULED', 1)],
      ...[seen('PENDING', 3.5), seen('RUNNING', 3.5), seen('CANCELLING', 4), seen('CRASHED', 5.8)],
    ]
    const run = aRun({ type: 'CRASHED', message: 'killed' }, { runCount: 2, totalRunMicros: 2_000_000, marks })
    expect(ask(run, { states }).summary).toMatch(
      /^It is Crashed: killed\. Attempt 2 took 4\.8 s, most of it waiting .* \(2\.5 s\)\./,
    )
  })
  test('without ever having started, though it is known when its event came', () =>
    expect(
      ask(aRun({ type: 'CANCELLED' }, { endAt: NOW, marks: { 1: { boot: 'b', at: { received: 0, matched: 200 } } } })).summary,
    ).toBe('It is Cancelled. It was there for 1.0 s, and never reported a start.'))
  test('before it had begun', () =>
    expect(ask(aRun({ type: 'CANCELLED', message: 'Cancelled before it started.' }, { endAt: NOW })).summary).toBe(
      'It is Cancelled: Cancelled before it started. It was there for 1.0 s, and never reported a start.',
    ))
})
