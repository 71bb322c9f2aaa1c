/**
 * Values with templates in them, as Prefect's `run-deployment` has them: a plain string that is one `{{ … }}` gives
 * the value with its type, and one with text around gives text. An object with `__prefect_kind` says how it is meant:
 * `jinja` gives text, `json` what the text says, and `none` the value itself. Inside of such an object a plain string
 * stays as it is. Everything is parsed once.
 */
import type { Fault } from '../errors.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { nearest } from '../suggest.ts'
import { TEXT_CHARS_MAX } from './bounded-interpreter.ts'
import { isTemplate, parseTemplate, type TemplateContext, type UserTemplate } from './template.ts'

export type Rendered = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly faults: readonly Fault[] }

export type CompiledTemplates =
  | {
      readonly ok: true
      /** The variables that some template reads, and perhaps others. */
      readonly names: ReadonlySet<string>
      render(context: TemplateContext): Rendered
    }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** One rendering of the whole value: what went wrong in it, and how much text it has made. */
interface Rendering {
  readonly context: TemplateContext
  readonly faults: Fault[]
  characters: number
}
/** A value that never changes, or how to fill one in. */
type Filled = { readonly fixed: unknown } | { readonly fill: (rendering: Rendering) => unknown }
type Place = readonly (string | number)[]

const KIND = '__prefect_kind'
const KINDS = ['none', 'json', 'jinja'] as const
/** Prefect takes a form without its value out of what it stands in. */
const LEFT_OUT = Symbol('left out')

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const resultOf = (filled: Filled, rendering: Rendering): unknown => ('fill' in filled ? filled.fill(rendering) : filled.fixed)

/** Reads values, and gathers what is wrong with them. */
class Compiler {
  readonly faults: Fault[] = []
  readonly names = new Set<string>()

  compile(value: Json, place: Place, plain: 'templates' | 'literal'): Filled {
    if (typeof value === 'string' && plain === 'templates' && isTemplate(value)) return this.#plain(value, place)
    if (typeof value !== 'object' || value === null) return { fixed: value }
    if (Array.isArray(value)) return this.#list(value, place, plain)
    const object = value as JsonObject
    return Object.hasOwn(object, KIND) ? this.#kind(object, place) : this.#object(object, place, plain)
  }

  /** Prefect 3.8.8 reads a single expression so, although its pages say text. */
  #plain(source: string, place: Place): Filled {
    const expression = singleExpression(source)
    return expression === undefined ? this.#text(source, place) : this.#typed(`{{ (${expression}) | tojson }}`, place, source)
  }

  #refuse(loc: Place, type: string, msg: string, suggestion?: string): Filled {
    this.faults.push({ loc, msg, type, ...(suggestion === undefined ? {} : { suggestion }) })
    return { fixed: undefined }
  }

  #list(value: readonly Json[], place: Place, plain: 'templates' | 'literal'): Filled {
    const items = value.map((item, index) => this.compile(item, [...place, index], plain)).filter(isLeft)
    const fill = (rendering: Rendering): unknown => items.map((item) => resultOf(item, rendering))
    return items.every((item) => 'fixed' in item) ? { fixed: items.map((item) => item.fixed) } : { fill }
  }

  #object(value: JsonObject, place: Place, plain: 'templates' | 'literal'): Filled {
    const entries = Object.entries(value)
      .map(([key, item]) => [key, this.compile(item, [...place, key], plain)] as const)
      .filter(([, item]) => isLeft(item))
    // fromEntries defines each key, `__proto__` too.
    const fill = (rendering: Rendering): unknown =>
      Object.fromEntries(entries.map(([key, item]) => [key, resultOf(item, rendering)]))
    const fixed = entries.every(([, item]) => 'fixed' in item)
    return fixed
      ? { fixed: Object.fromEntries(entries.map(([key, item]) => [key, 'fixed' in item ? item.fixed : null])) }
      : { fill }
  }

  #kind(value: JsonObject, place: Place): Filled {
    const kind = value[KIND]
    const has = (field: string): boolean => Object.hasOwn(value, field)
    if (kind === 'none') {
      if (has('value')) return this.compile(value.value ?? null, place, 'literal')
      return this.#refuse(place, 'template_kind', 'has no "value", which the kind "none" needs')
    }
    if (kind === 'json') return has('value') ? this.#json(value.value ?? null, place) : { fixed: LEFT_OUT }
    if (kind === 'jinja') {
      if (typeof value.template === 'string') return this.#text(value.template, place)
      return this.#refuse(place, 'template_kind', 'has no "template", which the kind "jinja" needs: a text')
    }
    if (kind === 'workspace_variable') {
      return this.#refuse(
        place,
        'not_implemented',
        `has the kind "${kind}", which is not served yet; served are ${KINDS.join(', ')}`,
      )
    }
    const suggestion = typeof kind === 'string' ? nearest(kind, KINDS) : undefined
    return this.#refuse(
      place,
      'template_kind',
      `has the kind ${JSON.stringify(kind)}; served are ${KINDS.join(', ')}`,
      suggestion,
    )
  }

  #parse(source: string, place: Place): UserTemplate | undefined {
    try {
      const template = parseTemplate(source)
      for (const name of template.names) this.names.add(name)
      return template
    } catch (error) {
      this.#refuse(place, 'template_syntax', `is no template that can be read: ${messageOf(error)}`)
      return undefined
    }
  }

  #text(source: string, place: Place): Filled {
    const template = this.#parse(source, place)
    if (!template) return { fixed: undefined }
    return guarded(place, source, (rendering) => {
      const text = template.text(rendering.context)
      rendering.characters += text.length
      if (rendering.characters > TEXT_CHARS_MAX) throw new Error(`with it there are more than ${TEXT_CHARS_MAX} characters`)
      return text
    })
  }

  /** The text, or what a template makes of it, is read as JSON, so a number stays a number. */
  #json(value: Json, place: Place): Filled {
    if (typeof value === 'string') {
      try {
        return { fixed: JSON.parse(value) as Json }
      } catch (error) {
        return this.#refuse(place, 'template_json', `is no JSON: ${messageOf(error)}`)
      }
    }
    const isJinja = isObject(value) && value[KIND] === 'jinja' && typeof value.template === 'string'
    if (!isJinja) return this.compile(value, place, 'literal')
    return this.#typed(String(value.template), place)
  }

  /** The value that the template's text says as JSON. `shown` is what the user wrote, where it is something else. */
  #typed(source: string, place: Place, shown: string = source): Filled {
    const template = this.#parse(source, place)
    if (!template) return { fixed: undefined }
    return guarded(place, shown, ({ context }) => {
      const found = template.json(context)
      if (found === undefined) throw new Error('there is nothing there')
      return found
    })
  }
}

/** What stands in a text that is `{{ … }}` and nothing else. */
function singleExpression(source: string): string | undefined {
  const text = source.trim()
  const single = text.startsWith('{{') && text.endsWith('}}') && text.indexOf('{{', 2) < 0 && !text.includes('{%')
  return single ? text.slice(2, -2).replace(/^-|-$/g, '').trim() : undefined
}

const isLeft = (filled: Filled): boolean => !('fixed' in filled) || filled.fixed !== LEFT_OUT

/** Fills in with `get`; an error becomes a fault at `place` that names the template. */
const guarded = (place: Place, source: string, get: (rendering: Rendering) => unknown): Filled => ({
  fill(rendering) {
    try {
      return get(rendering)
    } catch (error) {
      const msg = `cannot be filled in from ${source.trim()}: ${messageOf(error)}`
      rendering.faults.push({ loc: place, msg, type: 'template_failed' })
      return undefined
    }
  },
})

/** Parses every template in `value`. Faults name the place from the value's own root. */
export function compileTemplates(value: Json): CompiledTemplates {
  const compiler = new Compiler()
  const filled = compiler.compile(value, [], 'templates')
  if (compiler.faults.length > 0) return { ok: false, faults: compiler.faults }
  const whole = isLeft(filled) ? filled : { fixed: {} }
  return {
    ok: true,
    names: compiler.names,
    render(context) {
      const rendering: Rendering = { context, faults: [], characters: 0 }
      const made = resultOf(whole, rendering)
      return rendering.faults.length > 0 ? { ok: false, faults: rendering.faults } : { ok: true, value: made }
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
