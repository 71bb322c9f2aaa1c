/** The table that grows at the terminal while the bench goes on: one line per row, as soon as it is there. */
import type { Row, Target } from '../numbers/row.ts'
import { figuresText, ratioText } from './numbers-as-text.ts'

const COLUMNS = [
  ['', 55],
  ['floor p50 / p95 / p99', 24],
  ['pilotflame p50 / p95 / p99', 26],
  ['over the floor', 20],
] as const

const pad = (cells: readonly string[]): string =>
  COLUMNS.map(([, width], column) => (cells[column] ?? '').padEnd(width)).join('  ')

export const tableHead = (): string => `${pad(COLUMNS.map(([title]) => title))}  target`.trimEnd()

export const targetText = ({ text, met, value }: Target): string => `${met ? '✓' : `✗ ${value}:`} ${text}`

export function tableLine(row: Row): string {
  const cells = [row.title, figuresText(row.floor, row.unit), figuresText(row.product, row.unit), ratioText(row)]
  const line = `${pad(cells)}  ${row.targets.map(targetText).join(', ')}`.trimEnd()
  return row.note === null ? line : `${line}\n    ${row.note}`
}
