/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }
export type Parameters = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Far above what people write, and far below where a parser, a walk or a writer of JSON runs out of stack. */
export const JSON_DEPTH_MAX = 500

/** True where lists and objects stand in each other deeper than `JSON_DEPTH_MAX`. Goes level by level: it needs no stack. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > JSON_DEPTH_MAX) return true
    const next: unknown[] = []
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue
      for (const inner of Array.isArray(one) ? one : Object.values(one))
        if (typeof inner === 'object' && inner !== null) next.push(inner)
    }
    level = next
  }
  return false
}

/** The same for what `characters` of JSON say: short ones are not looked at, because each level takes two. */
export const isTooDeepIn = (characters: number, value: unknown): boolean => characters > 2 * JSON_DEPTH_MAX && isTooDeep(value)
