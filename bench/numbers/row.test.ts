import { expect, test } from 'vitest'
import { figuresOf, single } from './figures.ts'
import { atLeast, atMost, pathTargets, row } from './row.ts'

const floor = { n: 300, p50: 1, p95: 2, p99: 3 }

test('a row beside the floor carries the ratios', () => {
  const made = row({ id: 'a', title: 'A', unit: 'ms', product: { n: 300, p50: 1.5, p95: 2, p99: 6.3 }, floor })
  expect(made.ratio).toEqual({ p50: 1.5, p95: 1, p99: 2.1 })
  expect(row({ id: 'b', title: 'B', unit: 'MB', product: single(80) }).ratio).toBeNull()
})

test('a target at its limit is met, past it it is not', () => {
  expect(atMost('ready ≤ 400 ms', 400, 400).met).toBe(true)
  expect(atMost('ready ≤ 400 ms', 400.1, 400).met).toBe(false)
  expect(atLeast('≥ 20 000', 19_999, 20_000).met).toBe(false)
})

test('the path has to be near the floor at the median and at the tail', () => {
  const verdicts = pathTargets({ n: 300, p50: 1.4, p95: 3, p99: 7 }, floor).map(({ met }) => met)
  expect(verdicts).toEqual([true, false])
})

test('ratios without a spread stay empty', () => {
  expect(row({ id: 'c', title: 'C', unit: 'ms', product: single(3), floor: figuresOf([2]) }).ratio).toEqual({
    p50: 1.5,
    p95: null,
    p99: null,
  })
})
