/** Samples boiled down to what a table shows. */

export interface Figures {
  /** How many samples are behind it. */
  readonly n: number
  readonly p50: number
  /** Null for a single figure. */
  readonly p95: number | null
  readonly p99: number | null
}

const ascending = (a: number, b: number): number => a - b

/** The smallest sample that at least `share` of all are not above (nearest rank). Throws when there are none. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort(ascending)
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  if (value === undefined) throw new Error('There are no samples: nothing was measured.')
  return value
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5)

/** 3 digits behind the point: microseconds where the unit is milliseconds. */
export const round = (value: number, digits = 3): number => Number(value.toFixed(digits))

export const figuresOf = (samples: readonly number[]): Figures => ({
  n: samples.length,
  p50: round(percentile(samples, 0.5)),
  p95: round(percentile(samples, 0.95)),
  p99: round(percentile(samples, 0.99)),
})

/** A figure that has no spread, such as a sum or a median of few rounds. */
export const single = (value: number, n = 1): Figures => ({ n, p50: round(value), p95: null, p99: null })
