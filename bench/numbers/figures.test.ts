import { expect, test } from 'vitest'
import { figuresOf, median, percentile, single } from './figures.ts'

const oneTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

test('percentiles are samples that were really seen, by nearest rank', () => {
  expect(percentile(oneTo(100), 0.5)).toBe(50)
  expect(percentile(oneTo(100), 0.99)).toBe(99)
  expect(percentile(oneTo(300), 0.99)).toBe(297)
  expect(percentile([7], 0.99)).toBe(7)
})

test('the order of the samples does not matter, and numbers are not sorted as text', () => {
  expect(median([100, 9, 20])).toBe(20)
  expect(figuresOf([10, 9, 100, 2])).toEqual({ n: 4, p50: 9, p95: 100, p99: 100 })
})

test('nothing measured is an error, never a zero', () => {
  expect(() => percentile([], 0.5)).toThrow('no samples')
})

test('a single figure has no spread', () => {
  expect(single(1.23456, 5)).toEqual({ n: 5, p50: 1.235, p95: null, p99: null })
})
