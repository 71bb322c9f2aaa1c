import { expect, test } from 'vitest'
import { single } from '../numbers/figures.ts'
import { atMost, row } from '../numbers/row.ts'
import { tableHead, tableLine } from './terminal-table.ts'

const product = { n: 300, p50: 1.2, p95: 2, p99: 3.5 }
const floor = { n: 300, p50: 1, p95: 2, p99: 3 }

test('a line stands under its heads and says which target it misses, and by what', () => {
  const line = tableLine(
    row({
      id: 'a',
      title: 'path',
      unit: 'ms',
      product,
      floor,
      targets: [atMost('p50 ≤ 1.5', 1.2, 1.5), atMost('p99 ≤ 1', 3.5, 1)],
    }),
  )
  expect(line).toContain('✓ p50 ≤ 1.5, ✗ 3.5: p99 ≤ 1')
  expect(line.indexOf('1.20 / 2.00 / 3.50 ms')).toBe(tableHead().indexOf('pilotflame'))
  expect(line.indexOf('1.00 / 2.00 / 3.00 ms')).toBe(tableHead().indexOf('floor p50'))
})

test('a note has a line of its own', () => {
  expect(tableLine(row({ id: 'b', title: 'memory', unit: 'MB', product: single(80), note: 'resident' }))).toMatch(
    /^memory +80.0 MB\n {4}resident$/,
  )
})
