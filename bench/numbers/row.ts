/** One line of the result: what was measured, beside the floor where there is one, against its targets. */
import { type Figures, round } from './figures.ts'

export type Unit = 'ms' | 'per s' | 'MB' | '×' | 'per event'

export interface Target {
  /** Such as `p50 ≤ 1.5 × floor`. */
  readonly text: string
  readonly limit: number
  readonly value: number
  readonly met: boolean
}

export interface Ratio {
  readonly p50: number
  readonly p95: number | null
  readonly p99: number | null
}

export interface Row {
  /** Stable name, such as `path-gap-5`. */
  readonly id: string
  /** What people read. */
  readonly title: string
  readonly unit: Unit
  readonly floor: Figures | null
  readonly product: Figures
  /** Product over floor, from the same run. */
  readonly ratio: Ratio | null
  readonly targets: readonly Target[]
  readonly note: string | null
}

export const atMost = (text: string, value: number, limit: number): Target => ({
  text,
  limit,
  value: round(value),
  met: value <= limit,
})

export const atLeast = (text: string, value: number, limit: number): Target => ({
  text,
  limit,
  value: round(value),
  met: value >= limit,
})

const over = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : round(a / b, 2))

export const ratioOf = (product: Figures, floor: Figures): Ratio => ({
  p50: round(product.p50 / floor.p50, 2),
  p95: over(product.p95, floor.p95),
  p99: over(product.p99, floor.p99),
})

type RowInput = Pick<Row, 'id' | 'title' | 'unit' | 'product'> & Partial<Pick<Row, 'floor' | 'targets' | 'note'>>

export function row({ floor = null, targets = [], note = null, ...rest }: RowInput): Row {
  return { ...rest, floor, ratio: floor ? ratioOf(rest.product, floor) : null, targets, note }
}

/** The targets of the path: design's p50 and p99 over the floor of the same run. */
export function pathTargets(product: Figures, floor: Figures): readonly Target[] {
  const ratio = ratioOf(product, floor)
  return [atMost('p50 ≤ 1.5 × floor', ratio.p50, 1.5), atMost('p99 ≤ 2 × floor', ratio.p99 ?? Number.POSITIVE_INFINITY, 2)]
}
