/** What zod objects to in a trigger, an action or an automation, as sentences with what was wanted and what is there. */
import type { z } from 'zod'
import type { Fault } from '../errors.ts'
import { isObject } from '../json.ts'
import { nearest } from '../suggest.ts'

type Issue = z.core.$ZodIssue
type Place = Fault['loc']

/** What was held against a schema: where it stands, and what people call it. */
export interface Checked {
  readonly place: Place
  readonly given: unknown
  /** Such as "an automation". */
  readonly what: string
  readonly known: readonly string[]
}

/** A word that is not among those that may be; what Prefect has and this server has not yet is told apart. */
export function wordFault(given: unknown, words: { readonly served: readonly string[]; readonly later: readonly string[] }) {
  const later = words.later.find((word) => word === given)
  const all = words.served.map((word) => `"${word}"`).join(' and ')
  if (later !== undefined)
    return { message: `is "${later}", which is not served yet; served is ${all}`, params: { type: 'not_implemented' } }
  const suggestion = typeof given === 'string' ? nearest(given, [...words.served, ...words.later]) : undefined
  const message = `is ${given === undefined ? 'missing' : show(given)}; ${suggestion ? `did you mean "${suggestion}"?` : `served is ${all}`}`
  return { message, params: { type: given === undefined ? 'missing' : 'value', suggestion } }
}

/** What a person sees of a value: short, and in JSON. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
}

function valueAt(given: unknown, path: Issue['path']): unknown {
  return path.reduce<unknown>((value, part) => (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[part], given)
}

export function unknownField(key: string, { place, what, known }: Omit<Checked, 'given'>): Fault {
  const suggestion = nearest(key, known)
  const fault = { loc: [...place, key], type: 'unknown_field' }
  if (suggestion === undefined) return { ...fault, msg: `is no field of ${what}` }
  return { ...fault, msg: `is no field of ${what}; did you mean "${suggestion}"?`, suggestion }
}

function faultOf(issue: Issue, loc: Place, value: unknown): Fault {
  const { type = 'value', suggestion } = (issue.code === 'custom' ? issue.params : undefined) ?? {}
  if (issue.code === 'custom') {
    return { loc, msg: issue.message, type, ...(typeof suggestion === 'string' ? { suggestion } : {}) }
  }
  if (value === undefined) return { loc, msg: 'is required and missing', type: 'missing' }
  if (issue.code !== 'invalid_type') {
    const kind = issue.code === 'invalid_union' ? 'type' : 'value'
    return { loc, msg: `${issue.message}, and is ${show(value)}`, type: kind }
  }
  return { loc, msg: `should be ${KINDS[issue.expected] ?? issue.expected}, and is ${show(value)}`, type: 'type' }
}

export function faultsOf(error: z.ZodError, checked: Checked): Fault[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(key, checked))
    const loc = [...checked.place, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))]
    return [faultOf(issue, loc, valueAt(checked.given, issue.path))]
  })
}

/** One sentence for each field that is passed over. */
export function warningsOf({ given, what, known }: Omit<Checked, 'place'>): string[] {
  if (!isObject(given)) return []
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const suggestion = nearest(key, known)
      const hint = suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`
      return `${what} has a field "${key}" that is not known here${hint}; it is passed over`
    })
}
