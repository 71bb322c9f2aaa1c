const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(value: string): boolean
export function isUuid(value: unknown): value is string
export function isUuid(value: unknown): boolean {
  return typeof value === 'string' && UUID.test(value)
}

/** How people name a run: the LAST 8 characters of its id. The first ones of a UUIDv7 are the same for a minute. */
export const shortId = (id: string): string => id.slice(-8)
