/**
 * Recorded values: JSON, plus Date, BigInt, Map, Set, bytes, undefined and the numbers that JSON lacks, each as an
 * object with one key, the tag. Anything else is refused, so that a first and a resumed run see the same types.
 */
import { AppError } from '../errors.ts'
import type { Json } from '../json.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'

/** An object of the user's that has only this key is wrapped once more. */
const TAG = '$pilotflame'

type Tagged = { readonly [TAG]: readonly [string, Json] }

const tag = (kind: string, value: Json): Json => ({ [TAG]: [kind, value] }) satisfies Tagged

/** Numbers that JSON would turn into null or 0. */
const numberName = (value: number): string | undefined =>
  Object.is(value, -0) ? '-0' : Number.isFinite(value) ? undefined : String(value)

function refuse(path: string, what: string): never {
  throw new AppError(
    'value_not_serializable',
    `${path || 'The value'} is ${what}, which cannot be recorded. Use plain values, Date, BigInt, Map, Set or bytes.`,
  )
}

/** Encodes `value`. Throws `value_not_serializable`, naming the place, for functions, symbols, class instances and cycles. */
export const encodeValue = (value: unknown): Json => encode(value, '', [])

function encode(value: unknown, path: string, above: readonly object[]): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number': {
      const name = numberName(value)
      return name === undefined ? value : tag('number', name)
    }
    case 'undefined':
      return tag('undefined', null)
    case 'bigint':
      return tag('bigint', String(value))
    case 'object':
      return value === null ? null : encodeObject(value, path, above)
    default:
      return refuse(path, `a ${typeof value}`)
  }
}

/** Deeper than anyone means, and far from where the stack ends. */
const DEPTH_MAX = 500
/** A subclass of these would come back as its parent. */
const OWN_CLASSES: ReadonlySet<unknown> = new Set(['Array', 'Date', 'Map', 'Set', 'Object', undefined])

/** The name of its class; a field that is called `constructor` is no class. */
const classOf = (value: object): string | undefined => Object.getPrototypeOf(value)?.constructor?.name

function encodeObject(value: object, path: string, above: readonly object[]): Json {
  if (above.includes(value)) refuse(path, 'a cycle')
  if (above.length >= DEPTH_MAX) refuse(`${path.slice(0, 40)}…`, `more than ${DEPTH_MAX} levels deep`)
  const className = classOf(value)
  if (!OWN_CLASSES.has(className) && !(value instanceof Uint8Array)) refuse(path, `a ${className || 'class instance'}`)
  const inside = [...above, value]
  if (Array.isArray(value)) return Array.from(value, (item, index) => encode(item, `${path}[${index}]`, inside))
  if (value instanceof Date) return tag('date', Number.isNaN(value.getTime()) ? null : value.toISOString())
  if (value instanceof Uint8Array) return tag('bytes', encodeBase64(value))
  if (value instanceof Set)
    return tag(
      'set',
      Array.from(value, (item, index) => encode(item, `${path}[${index}]`, inside)),
    )
  if (value instanceof Map) {
    const pairs = Array.from(value, ([key, item], index) => [
      encode(key, `${path}[${index}]`, inside),
      encode(item, `${path}[${index}]`, inside),
    ])
    return tag('map', pairs)
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) refuse(path, `a ${classOf(value) || 'class instance'}`)
  if (Object.getOwnPropertySymbols(value).length > 0) refuse(path, 'an object with symbols as keys')
  return encodePlain(value, path, inside)
}

function encodePlain(value: object, path: string, inside: readonly object[]): Json {
  const entries = Object.entries(value).map(
    ([key, item]) => [key, encode(item, path === '' ? key : `${path}.${key}`, inside)] as const,
  )
  // fromEntries defines each key, `__proto__` too.
  const encoded = Object.fromEntries(entries)
  return entries.length === 1 && entries[0]?.[0] === TAG ? tag('object', encoded) : encoded
}

/** The value that `encodeValue` made `json` from. */
export function decodeValue(json: Json): unknown {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map((item: Json) => decodeValue(item))
  const keys = Object.keys(json)
  if (keys.length === 1 && keys[0] === TAG) return decodeTagged((json as Tagged)[TAG])
  return decodePlain(json as { readonly [key: string]: Json })
}

const decodePlain = (json: { readonly [key: string]: Json }): unknown =>
  Object.fromEntries(Object.entries(json).map(([key, item]) => [key, decodeValue(item)]))

function decodeTagged([kind, value]: Tagged[typeof TAG]): unknown {
  switch (kind) {
    case 'undefined':
      return undefined
    case 'number':
      return Number(value)
    case 'bigint':
      return BigInt(String(value))
    case 'date':
      return new Date(value === null ? Number.NaN : String(value))
    case 'bytes':
      return decodeBase64(String(value))
    case 'set':
      return new Set((value as readonly Json[]).map(decodeValue))
    case 'map':
      return new Map((value as readonly (readonly [Json, Json])[]).map(([key, item]) => [decodeValue(key), decodeValue(item)]))
    case 'object':
      return decodePlain(value as { readonly [key: string]: Json })
    default:
      throw new AppError(
        'value_not_serializable',
        `A recorded value is of the kind "${kind}", which this version does not know. Use the version that wrote it.`,
      )
  }
}

/** JSON text with sorted keys: equal values have equal text, so it can be digested. */
export function canonicalJson(json: Json): string {
  if (typeof json !== 'object' || json === null) return JSON.stringify(json)
  if (Array.isArray(json)) return `[${json.map(canonicalJson).join(',')}]`
  const object = json as { readonly [key: string]: Json }
  const parts = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] ?? null)}`)
  return `{${parts.join(',')}}`
}
