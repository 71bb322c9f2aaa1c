/** What a JSON schema objects to, in plain English: where, what was wanted, and what is there. */
import type { ErrorObject } from 'ajv'
import type { Fault } from '../errors.ts'
import { isObject } from '../json.ts'
import { nearest } from '../suggest.ts'

type Place = readonly (string | number)[]

/** A fault, and what was wanted, for when it is one of several forms that would do. */
interface Objection {
  readonly fault: Fault
  readonly wanted: string
}

/** `/a/0` → a, 0; a number is a position only where there is a list. */
function placeOf(pointer: string, root: unknown): Place {
  let value = root
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
      const step = Array.isArray(value) ? Number(key) : key
      value = Array.isArray(value) ? value[Number(key)] : isObject(value) ? value[key] : undefined
      return step
    })
}

/** What a person sees of a value: short, and in JSON. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

const article = (type: string): string => (type === 'null' ? type : /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)
const plural = (count: unknown, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** What the value should be or have, by keyword. */
const WANTED: Readonly<Record<string, (params: Record<string, unknown>) => string>> = {
  type: ({ type }) =>
    `be ${[type]
      .flat()
      .map((one) => article(String(one)))
      .join(' or ')}`,
  enum: ({ allowedValues }) => `be one of ${(allowedValues as unknown[]).map(show).join(', ')}`,
  const: ({ allowedValue }) => `be ${show(allowedValue)}`,
  minimum: ({ limit }) => `be at least ${limit}`,
  maximum: ({ limit }) => `be at most ${limit}`,
  exclusiveMinimum: ({ limit }) => `be more than ${limit}`,
  exclusiveMaximum: ({ limit }) => `be less than ${limit}`,
  multipleOf: ({ multipleOf }) => `be a multiple of ${multipleOf}`,
  minLength: ({ limit }) => `have at least ${plural(limit, 'character')}`,
  maxLength: ({ limit }) => `have at most ${plural(limit, 'character')}`,
  minItems: ({ limit }) => `have at least ${plural(limit, 'item')}`,
  maxItems: ({ limit }) => `have at most ${plural(limit, 'item')}`,
  uniqueItems: () => 'hold nothing twice',
  pattern: ({ pattern }) => `match the pattern ${pattern}`,
  format: ({ format }) => `be of the format ${format}`,
}

const wantedBy = ({ keyword, params, message }: ErrorObject): string =>
  WANTED[keyword]?.(params) ?? (message ?? `fit "${keyword}"`).replace(/^must /, '')

function makeFault(loc: Place, type: string, msg: string, suggestion?: string): Fault {
  if (suggestion === undefined) return { loc, msg, type }
  return { loc, msg: `${msg}; did you mean "${suggestion}"?`, type, suggestion }
}

/** The allowed text that a wrong one comes near to. */
function suggestedText({ keyword, params, data }: ErrorObject): string | undefined {
  const allowed: unknown = keyword === 'enum' ? params.allowedValues : keyword === 'const' ? [params.allowedValue] : []
  if (typeof data !== 'string' || !Array.isArray(allowed)) return undefined
  return nearest(
    data,
    allowed.filter((one) => typeof one === 'string'),
  )
}

function objectionOf(error: ErrorObject, root: unknown): Objection {
  const loc = placeOf(error.instancePath, root)
  const { keyword, params, data, parentSchema } = error
  const unknown = params.additionalProperty ?? params.unevaluatedProperty
  if (keyword === 'required' || keyword === 'dependentRequired') {
    return { wanted: '', fault: makeFault([...loc, params.missingProperty], 'missing', 'is required and missing') }
  }
  if (unknown !== undefined) {
    const known = isObject(parentSchema?.properties) ? Object.keys(parentSchema.properties) : []
    const msg = loc.length === 0 ? 'is no parameter of this flow' : 'is no field that is known here'
    return { wanted: '', fault: makeFault([...loc, unknown], 'unknown_field', msg, nearest(String(unknown), known)) }
  }
  const wanted = wantedBy(error)
  return { wanted, fault: makeFault(loc, keyword, `should ${wanted}, and is ${show(data)}`, suggestedText(error)) }
}

/** None of several forms fits: what is wrong deeper inside says more; else all that would have done, in one sentence. */
function joinForms(error: ErrorObject, forms: readonly Objection[], root: unknown): Objection[] {
  const loc = placeOf(error.instancePath, root)
  const deeper = forms.filter(({ fault }) => fault.loc.length > loc.length)
  if (deeper.length > 0) return deeper
  if (forms.length === 0) {
    const msg = `should fit exactly one of the forms that are allowed, and fits more: ${show(error.data)}`
    return [{ wanted: 'be something else', fault: makeFault(loc, error.keyword, msg) }]
  }
  const wanted = [...new Set(forms.map((form) => form.wanted))]
  const short = wanted.map((one, index) => (index === 0 ? one : one.replace(/^be /, ''))).join(' or ')
  const suggestion = forms.find(({ fault }) => fault.suggestion !== undefined)?.fault.suggestion
  const type = forms.every(({ fault }) => fault.type === 'type') ? 'type' : error.keyword
  return [{ wanted: short, fault: makeFault(loc, type, `should ${short}, and is ${show(error.data)}`, suggestion) }]
}

/** The validator's errors as faults. Those of the forms of one value stand right before the error that sums them up. */
export function parameterFaults(errors: readonly ErrorObject[], root: unknown): readonly Fault[] {
  const objections: { readonly pointer: string; readonly objection: Objection }[] = []
  for (const error of errors) {
    const { keyword, instancePath: pointer } = error
    if (keyword === 'if') continue // only sums up
    if (keyword !== 'anyOf' && keyword !== 'oneOf') {
      objections.push({ pointer, objection: objectionOf(error, root) })
      continue
    }
    const isForm = (other: string): boolean => other === pointer || other.startsWith(`${pointer}/`)
    const first = objections.findLastIndex((one) => !isForm(one.pointer)) + 1
    const forms = objections.splice(first).map(({ objection }) => objection)
    for (const objection of joinForms(error, forms, root)) objections.push({ pointer, objection })
  }
  return objections.map(({ objection }) => objection.fault)
}
