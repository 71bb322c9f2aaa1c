/** Holds a request's body against its schema, and tells every fault at once, with what was probably meant. */
import type * as z from 'zod'
import { AppError, type Fault } from '../errors.ts'
import { sentence } from '../sentence.ts'
import { nearest } from '../suggest.ts'

type Issue = z.core.$ZodIssue
type Loc = readonly (string | number)[]

/** The value, or an `invalid_request` with its faults; `not_implemented` when all it lacks is a part that is not here yet. */
export function validate<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw requestError(result.error.issues.flatMap((issue) => faultsOf(issue, schema, body)))
}

export function requestError(faults: readonly Fault[]): AppError {
  const [first] = faults
  const where = first && first.loc.length > 0 ? `${first.loc.join('.')}: ` : ''
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''
  if (faults.length > 0 && faults.every(({ type }) => type === 'not_implemented')) {
    return new AppError('not_implemented', `${sentence(`${where}${first?.msg}${more}`)} See docs/compatibility.md.`, { faults })
  }
  return new AppError('invalid_request', sentence(`The request does not fit: ${where}${first?.msg}${more}`), { faults })
}

function faultsOf(issue: Issue, schema: z.ZodType, body: unknown): Fault[] {
  const loc = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownField([...loc, key], key, Object.keys(shapeAt(schema, loc))))
  }
  if (issue.code === 'invalid_union') return faultsOfUnion(issue, loc, schema, body)
  const saw = valueAt(body, loc)
  if (saw === undefined && issue.code !== 'custom') return [missing(loc, schema, body)]
  if (issue.code === 'invalid_value') return [wrongValue(loc, saw, issue.values.map(String))]
  const { params } = issue as { params?: { type?: string } }
  const type = params?.type ?? (issue.code === 'invalid_type' ? 'type' : issue.code)
  return [{ loc, msg: sentenceOf(issue, saw), type }]
}

function sentenceOf(issue: Issue, saw: unknown): string {
  if (issue.code === 'invalid_type') return `must be ${withArticle(issue.expected)}, not ${kindOf(saw)}`
  const of = typeof saw === 'string' ? ' characters' : Array.isArray(saw) ? ' entries' : ''
  if (issue.code === 'too_big') return `must ${of ? 'have' : 'be'} at most ${issue.maximum}${of}`
  if (issue.code === 'too_small')
    return saw === '' ? 'must not be empty' : `must ${of ? 'have' : 'be'} at least ${issue.minimum}${of}`
  return issue.message
}

/** Fields of the body that the schema does not know and lets pass, with what was probably meant. */
export function unknownFields(schema: z.ZodType, body: unknown): string[] {
  const known = Object.keys(shapeAt(schema, []))
  if (known.length === 0 || typeof body !== 'object' || body === null || Array.isArray(body)) return []
  return Object.keys(body)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearest(key, known)
      return near ? `${key} (did you mean ${near}?)` : key
    })
}

function unknownField(loc: Loc, key: string, known: readonly string[]): Fault {
  const near = nearest(key, known)
  const help = near ? `did you mean ${near}?` : `known are ${known.join(', ')}`
  return { loc, type: 'unknown_field', msg: `there is no field ${key}; ${help}`, ...(near ? { suggestion: near } : {}) }
}

/** A field that is not there; a neighbour that is spelt nearly so is named. */
function missing(loc: Loc, schema: z.ZodType, body: unknown): Fault {
  const name = String(loc.at(-1) ?? 'the body')
  const parent = valueAt(body, loc.slice(0, -1))
  const known = new Set(Object.keys(shapeAt(schema, loc.slice(0, -1))))
  const strangers = typeof parent === 'object' && parent !== null ? Object.keys(parent).filter((key) => !known.has(key)) : []
  const near = nearest(name, strangers)
  return {
    loc,
    type: 'missing',
    msg: `${name} is missing${near ? `; you sent ${near}` : ''}`,
    ...(near ? { suggestion: name } : {}),
  }
}

function wrongValue(loc: Loc, saw: unknown, values: readonly string[]): Fault {
  const near = typeof saw === 'string' ? nearest(saw, values) : undefined
  const help = near ? `did you mean ${near}?` : `it may be ${values.join(', ')}`
  return {
    loc,
    type: 'value',
    msg: `${JSON.stringify(saw)} is none of its values; ${help}`,
    ...(near ? { suggestion: near } : {}),
  }
}

/** Of a union the branch that comes nearest is told: the one with the fewest faults that are not about the kind of value. */
function faultsOfUnion(issue: Extract<Issue, { code: 'invalid_union' }>, loc: Loc, schema: z.ZodType, body: unknown): Fault[] {
  const branches = issue.errors.map((errors) =>
    errors.flatMap((one) => faultsOf({ ...one, path: [...issue.path, ...one.path] } as Issue, schema, body)),
  )
  const deep = branches.filter((faults) => faults.some((fault) => fault.loc.length > loc.length))
  const [best] = (deep.length > 0 ? deep : branches).sort((a, b) => a.length - b.length)
  if (best && deep.length > 0) return best
  const kinds = issue.errors.flatMap((errors) =>
    errors.flatMap((one) => (one.code === 'invalid_type' ? [withArticle(one.expected)] : [])),
  )
  return [{ loc, type: 'type', msg: `must be ${[...new Set(kinds)].join(' or ')}, not ${kindOf(valueAt(body, loc))}` }]
}

const NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  record: 'an object',
  object: 'an object',
  int: 'a whole number',
}
const withArticle = (kind: string): string => NAMES[kind] ?? `a ${kind}`

const kindOf = (value: unknown): string => {
  if (value === undefined) return 'left out'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function valueAt(value: unknown, loc: Loc): unknown {
  return loc.reduce<unknown>(
    (here, key) => (typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[key] : undefined),
    value,
  )
}

/** The fields that the schema knows at this place; empty where it knows none. */
export function shapeAt(schema: z.ZodType, loc: Loc): Readonly<Record<string, z.ZodType>> {
  const [key, ...rest] = loc
  const inner = unwrap(schema)
  if (inner === undefined) return {}
  if ('shape' in inner) {
    const shape = inner.shape as Record<string, z.ZodType>
    if (key === undefined) return shape
    const next = shape[key]
    return next ? shapeAt(next, rest) : {}
  }
  if ('element' in inner && typeof key === 'number') return shapeAt(inner.element as z.ZodType, rest)
  if ('options' in inner && Array.isArray(inner.options)) {
    for (const option of inner.options as z.ZodType[]) {
      const shape = shapeAt(option, loc)
      if (Object.keys(shape).length > 0) return shape
    }
  }
  return {}
}

/** The schema inside of optional, nullable and the like. */
function unwrap(schema: z.ZodType): z.ZodType | undefined {
  let inner: z.ZodType | undefined = schema
  while (inner !== undefined && 'unwrap' in inner && typeof inner.unwrap === 'function' && !('element' in inner)) {
    inner = inner.unwrap() as z.ZodType
  }
  return inner
}
