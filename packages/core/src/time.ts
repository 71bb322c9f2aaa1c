/** Moments are integers of microseconds since 1970 UTC; on the wire they are ISO-8601 with 6 digits and `Z`. */
export type Micros = number
/** A length of time in milliseconds. */
export type Ms = number

export const MICROS_PER_MS = 1_000
export const MICROS_PER_SECOND = 1_000_000

/** `1700000000123456` → `2023-11-14T22:13:20.123456Z`. */
export function toIso(at: Micros): string {
  const iso = new Date(Math.floor(at / MICROS_PER_MS)).toISOString() // …:20.123Z
  return `${iso.slice(0, -1)}${String(at % MICROS_PER_MS).padStart(3, '0')}Z`
}

export const toIsoOrNull = (at: Micros | null): string | null => (at === null ? null : toIso(at))

const ISO = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s*(Z|z|[+-]\d\d:?\d\d)?$/

/** The 30th of February is none, though `Date` takes it for the 2nd of March. */
const isDay = (day: string): boolean => {
  const number = Number(day.slice(8))
  return number <= 28 || new Date(`${day}T00:00:00Z`).getUTCDate() === number
}

/** Reads an ISO-8601 moment with up to 9 digits of a second; without a zone it is UTC. `undefined` when it is none, or after 2255. */
export function parseIso(text: string): Micros | undefined {
  const match = ISO.exec(text)
  if (!match) return undefined
  const [, day, clock, fraction = '', zone = 'Z'] = match
  const ms = Date.parse(`${day}T${clock}${zone.toUpperCase()}`)
  if (Number.isNaN(ms) || !isDay(day ?? '')) return undefined
  const at = ms * MICROS_PER_MS + Number(fraction.padEnd(6, '0').slice(0, 6))
  return Number.isSafeInteger(at) ? at : undefined
}

const ISO_DURATION =
  /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Reads Prefect's lengths of time, a number of seconds or ISO-8601 (`PT10S`), as seconds. `undefined` when it is none. */
export function parseSeconds(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined
  if (typeof value !== 'string') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value)
  const match = ISO_DURATION.exec(value)
  if (!match || value === 'P' || value.endsWith('T')) return undefined
  const [, weeks = '0', days = '0', hours = '0', minutes = '0', seconds = '0'] = match
  return ((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 3600 + Number(minutes) * 60 + Number(seconds)
}
