/**
 * Values with templates in them, as Prefect's `run-deployment` has them: a plain string with `{{ … }}` gives text,
 * and an object with `__prefect_kind` says how it is meant: `jinja` gives text, `json` what the text says, and
 * `none` the value itself.
 */
import type { Fault } from '../errors.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { isTemplate, parseTemplate, type TemplateContext, type UserTemplate } from './template.ts'

export type Rendered = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly faults: readonly Fault[] }

export type CompiledTemplates =
  | { readonly ok: true; render(context: TemplateContext): Rendered }
  | { readonly ok: false; readonly faults: readonly Fault[] }

type Place = readonly (string | number)[]
/** Fills one value in; what cannot be filled in is added to `faults`. */
type Fill = (context: TemplateContext, faults: Fault[]) => unknown

const KIND = '__prefect_kind'
const KINDS = ['none', 'json', 'jinja'] as const

const fault = (loc: Place, type: string, msg: string): Fault => ({ loc, msg, type })
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function parse(source: string, place: Place, faults: Fault[]): UserTemplate | undefined {
  try {
    return parseTemplate(source)
  } catch (error) {
    faults.push(fault(place, 'template_syntax', `is no template that can be read: ${messageOf(error)}`))
    return undefined
  }
}

const NOTHING: Fill = () => undefined

/** Fills in with `get`; an error becomes a fault at `place`. */
function guarded(place: Place, get: (context: TemplateContext) => unknown): Fill {
  return (context, faults) => {
    try {
      return get(context)
    } catch (error) {
      faults.push(fault(place, 'template_failed', `cannot be filled in: ${messageOf(error)}`))
      return undefined
    }
  }
}

function compileText(source: string, place: Place, faults: Fault[]): Fill {
  const template = parse(source, place, faults)
  return template ? guarded(place, (context) => template.text(context)) : NOTHING
}

/** `json`: the text, or what a template makes of it, is read as JSON, so a number stays a number. */
function compileJson(value: Json, place: Place, faults: Fault[]): Fill {
  if (typeof value === 'string') {
    return guarded(place, () => JSON.parse(value))
  }
  if (!isObject(value) || value[KIND] !== 'jinja' || typeof value.template !== 'string') return compile(value, place, faults)
  const source = value.template
  const template = parse(source, place, faults)
  if (!template) return NOTHING
  return guarded(place, (context) => {
    const found = template.json(context)
    if (found === undefined) throw new Error(`there is nothing at ${source.trim()} in this event`)
    return found
  })
}

function compileKind(value: JsonObject, place: Place, faults: Fault[]): Fill {
  const kind = value[KIND]
  if (kind === 'none') return compile(value.value ?? null, place, faults)
  if (kind === 'json') return compileJson(value.value ?? null, place, faults)
  if (kind === 'jinja' && typeof value.template === 'string') return compileText(value.template, place, faults)
  const why = kind === 'jinja' ? 'has no template' : `has the kind ${JSON.stringify(kind)}; served are ${KINDS.join(', ')}`
  faults.push(fault(place, 'template_kind', why))
  return NOTHING
}

function compile(value: Json, place: Place, faults: Fault[]): Fill {
  if (typeof value === 'string' && isTemplate(value)) return compileText(value, place, faults)
  if (typeof value !== 'object' || value === null) return () => value
  if (Array.isArray(value)) {
    const items = value.map((item: Json, index) => compile(item, [...place, index], faults))
    return (context, found) => items.map((fill) => fill(context, found))
  }
  const object = value as JsonObject
  if (Object.hasOwn(object, KIND)) return compileKind(object, place, faults)
  const entries = Object.entries(object).map(([key, item]) => [key, compile(item, [...place, key], faults)] as const)
  return (context, found) => Object.fromEntries(entries.map(([key, fill]) => [key, fill(context, found)]))
}

/** Parses every template in `value`. Faults name the place from the value's own root. */
export function compileTemplates(value: Json): CompiledTemplates {
  const faults: Fault[] = []
  const fill = compile(value, [], faults)
  if (faults.length > 0) return { ok: false, faults }
  return {
    ok: true,
    render(context) {
      const found: Fault[] = []
      const filled = fill(context, found)
      return found.length > 0 ? { ok: false, faults: found } : { ok: true, value: filled }
    },
  }
}

/** The value at `path` of the event, with its type: `fromEvent('payload.n')` gives the number that the payload has. */
export const fromEvent = (path: string): JsonObject => ({
  [KIND]: 'json',
  value: { [KIND]: 'jinja', template: `{{ event.${path} | tojson }}` },
})

/** Stands for all parameters of a run: the event's payload is the parameters. */
export const PAYLOAD_AS_PARAMETERS: JsonObject = fromEvent('payload')
