import { expect, test } from 'vitest'
import { timelineOf } from './marks.ts'

test('the timeline counts from the first mark, in order, whatever order the marks were written in', () => {
  const at = { completed: 5_200, received: 1_000, first_line: 2_250, committed: 1_400 }
  expect(timelineOf({ boot: 'b', at })).toEqual([
    { mark: 'received', at_ms: 0, took_ms: 0 },
    { mark: 'committed', at_ms: 0.4, took_ms: 0.4 },
    { mark: 'first_line', at_ms: 1.25, took_ms: 0.85 },
    { mark: 'completed', at_ms: 4.2, took_ms: 2.95 },
  ])
})

test('a run without marks has an empty timeline', () => expect(timelineOf({ boot: 'b', at: {} })).toEqual([]))

test('the last output is known once the attempt has reported its end: until then it is only the first one again', () => {
  const at = { received: 0, first_output: 2_000, last_output: 2_000 }
  expect(timelineOf({ boot: 'b', at }).map(({ mark }) => mark)).toEqual(['received', 'first_output'])
  expect(timelineOf({ boot: 'b', at: { ...at, last_output: 4_000, completed: 5_000 } }).slice(-2)).toEqual([
    { mark: 'last_output', at_ms: 4, took_ms: 2 },
    { mark: 'completed', at_ms: 5, took_ms: 1 },
  ])
})
