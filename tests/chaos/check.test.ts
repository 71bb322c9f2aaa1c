/** The check of the kills has teeth: each thing that may go wrong is said. */
import { expect, test } from 'vitest'
import { checkRound, type EffectLine, type RoundFacts, type RunFacts } from './check.ts'

const run: RunFacts = {
  id: 'r',
  event: 'e',
  states: ['SCHEDULED/Scheduled', 'PENDING/Pending', 'RUNNING/Running', 'COMPLETED/Completed'],
  cancelledAtMs: null,
  recorded: new Map([
    ['step-1', 'a'],
    ['step-2', 'b'],
  ]),
  result: ['a', 'b'],
  told: [],
}
const chunk = (attempt: number, n: number): string => `id: ${attempt}-${n}\nevent: chunk\ndata: {"text":"[${attempt}:${n}]"}`
const END = 'event: end\ndata: {}'
const stream = (...blocks: string[]): string => [...blocks, END].join('\n\n')
const WHOLE = stream(chunk(1, 1), chunk(1, 2))
const MARK = 'id: 1-end\nevent: attempt_end\ndata: {}'
const effect = (task: string, token: string, attempt = 1): EffectLine => ({
  kind: 'effect',
  run: 'r',
  attempt,
  task,
  token,
  pid: 1,
  atMs: 1_000,
})

function check(
  changes: Partial<RunFacts>,
  effects = [effect('step-1', 'a'), effect('step-2', 'b')],
  more: Partial<RoundFacts> = {},
) {
  const runs = new Map([['r', { ...run, told: [WHOLE, WHOLE], ...changes }]])
  return checkRound({
    acknowledged: ['e'],
    verdicts: new Map([['e', ['r']]]),
    runs,
    effects,
    mustComplete: () => true,
    isEndless: () => false,
    ...more,
  })
}

test('a round in which all is well', () => expect(check({})).toEqual([]))

test('an effect whose result was never recorded may come again', () =>
  expect(check({}, [effect('step-1', 'lost'), effect('step-1', 'a', 2), effect('step-2', 'b', 2)])).toEqual([]))

test('an interrupted answer that is marked, and given again', () =>
  expect(check({ told: [stream(chunk(1, 1), MARK, chunk(2, 1), chunk(2, 2))] })).toEqual([]))

const CANCELLED = ['RUNNING/Running', 'CANCELLING/Cancelling', 'CANCELLED/Cancelled']

test('a run that was cancelled, and whose effects were done before that', () =>
  expect(check({ states: CANCELLED, cancelledAtMs: 1_010, result: null }, undefined, { mustComplete: () => false })).toEqual([]))

test.each([
  ['was done 90 ms after it was Cancelled', check({ states: CANCELLED, cancelledAtMs: 910 })],
  ['loops for ever, and ended as COMPLETED', check({}, undefined, { isEndless: () => true })],
  ['was being cancelled, and ended as CRASHED', check({ states: [...CANCELLED.slice(0, 2), 'CRASHED/Crashed'] })],
  ['done again in attempt 2', check({}, [effect('step-1', 'a'), effect('step-1', 'x', 2), effect('step-2', 'b', 2)])],
  ['no effect stands for', check({}, [effect('step-1', 'a')])],
  ['has no verdict', check({}, undefined, { verdicts: new Map() })],
  ['has started 2 runs', check({}, undefined, { verdicts: new Map([['e', ['r', 's']]]) })],
  ['is gone', check({}, undefined, { verdicts: new Map([['e', ['s']]]) })],
  ['has not ended', check({ states: ['RUNNING/Running'] })],
  ['has ended 2 times', check({ states: ['COMPLETED/Completed', 'COMPLETED/Completed'] })],
  ['has retries left', check({ states: ['CRASHED/Crashed'] })],
  ['is glued together', check({ told: [stream(chunk(1, 1), chunk(2, 2))] })],
  ['has said [1:1]', check({ told: [stream(chunk(1, 1))] })],
  ['has said [2:2]', check({ told: [stream(chunk(1, 1), MARK, chunk(2, 2))] })],
  ['were told different things', check({ told: [WHOLE, stream(chunk(1, 1))] })],
  ['was not told its end', check({ told: [[chunk(1, 1), chunk(1, 2)].join('\n\n')] })],
  ['nobody has watched', check({ told: [] })],
  ['returned ["a","c"]', check({ result: ['a', 'c'] })],
])('%s', (said, wrong) => expect(wrong).toContainEqual(expect.stringContaining(said)))
