import { expect, test } from 'vitest'
import { renderTable } from './table.ts'
import { textWidth } from './text-width.ts'

const columns = [
  { title: 'NAME', min: 6, keep: 100 },
  { title: 'CODE', min: 4, keep: 1 },
  { title: 'TOOK', align: 'right', keep: 50 },
] as const
const rows = [
  ['brisk-otter-7f3a', 'flows/hello.ts:hello', '3.2 ms'],
  ['a', '-', '1204.5 ms'],
]

test('with room nothing is cut', () => {
  expect(renderTable({ columns, rows, width: Number.POSITIVE_INFINITY })).toEqual([
    'NAME              CODE                       TOOK',
    'brisk-otter-7f3a  flows/hello.ts:hello     3.2 ms',
    'a                 -                     1204.5 ms',
  ])
})

test.each([40, 30, 20, 12])('at %i columns no line is longer', (width) => {
  for (const line of renderTable({ columns, rows, width })) expect(textWidth(line)).toBeLessThanOrEqual(width)
})

test('long cells are cut before a column goes, and the least important one goes first', () => {
  expect(renderTable({ columns, rows, width: 40 })[1]).toContain('…')
  const narrow = renderTable({ columns, rows, width: 17 })
  expect(narrow[0]).toContain('NAME')
  expect(narrow[0]).toContain('TOOK')
  expect(narrow[0]).not.toContain('CODE')
})

test('a cell with line breaks stays one line', () => {
  expect(renderTable({ columns: [{ title: 'T' }], rows: [['a\nb']], width: 80 })).toEqual(['T', 'a b'])
})

test('a drawing keeps its blanks', () => {
  expect(renderTable({ columns: [{ title: '', drawn: true }], rows: [['  ██']], width: 80 })[1]).toBe('  ██')
})
