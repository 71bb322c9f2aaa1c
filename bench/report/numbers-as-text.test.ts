import { expect, test } from 'vitest'
import { single } from '../numbers/figures.ts'
import { row } from '../numbers/row.ts'
import { figuresText, numberText, ratioText, spreadText } from './numbers-as-text.ts'

test('numbers have about three figures, and thousands stand apart', () => {
  expect([0.8312, 12.345, 123.6, 999.9, 22_134.4].map(numberText)).toEqual(['0.83', '12.3', '124', '1000', '22 134'])
})

test('a spread shows its percentiles, a single figure only itself', () => {
  expect(spreadText({ n: 3, p50: 1, p95: 2, p99: 30 })).toBe('1.00 / 2.00 / 30.0')
  expect(figuresText(single(22_134), 'per s')).toBe('22 134 per s')
  expect(figuresText(null, 'ms')).toBe('')
})

test('ratios stand only beside a floor', () => {
  const floor = { n: 9, p50: 1, p95: 2, p99: 3 }
  const made = row({ id: 'a', title: 'A', unit: 'ms', product: { n: 9, p50: 1.25, p95: 3, p99: 6 }, floor })
  expect(ratioText(made)).toBe('× 1.25 / 1.50 / 2.00')
  expect(ratioText({ ...made, ratio: null })).toBe('')
})
