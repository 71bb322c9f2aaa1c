/** Lengths of time as people write them: `7d`, `12h`, `30m`, `45s`. */
const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** The number of milliseconds; `undefined` when it is no length of time. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})\s*([smhd])$/.exec(text.trim().toLowerCase())
  if (!match) return undefined
  const [, count, unit] = match
  return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]
}
