/** Numbers as people read them: three figures, thousands apart, with their unit. */
import type { Figures } from '../numbers/figures.ts'
import type { Row, Unit } from '../numbers/row.ts'

/** `1.23`, `12.3`, `123`, `22 000`. */
export function numberText(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(digits)
}

/** `0.83 / 1.20 / 2.10`, or one number where there is no spread. */
export const spreadText = ({ p50, p95, p99 }: Figures): string =>
  [p50, p95, p99]
    .filter((value) => value !== null)
    .map(numberText)
    .join(' / ')

const UNIT_TEXT: Readonly<Record<Unit, string>> = { ms: ' ms', MB: ' MB', 'per s': ' per s', '×': ' ×', 'per event': '' }

export const figuresText = (figures: Figures | null, unit: Unit): string =>
  figures === null ? '' : `${spreadText(figures)}${UNIT_TEXT[unit]}`

/** `× 1.42 / 1.50 / 1.61`. */
export const ratioText = ({ ratio }: Row): string =>
  ratio === null
    ? ''
    : `× ${[ratio.p50, ratio.p95, ratio.p99]
        .filter((value) => value !== null)
        .map((value) => value.toFixed(2))
        .join(' / ')}`
