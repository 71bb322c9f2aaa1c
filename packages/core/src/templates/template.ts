/**
 * One template of a user's, parsed once. A template that is only a path (`{{ event.payload.n }}`, also with
 * `| tojson`) is answered by walking the path; everything else is rendered as Jinja.
 */
import { Environment, Interpreter, Template } from '@huggingface/jinja'
import { isObject } from '../json.ts'

/** What templates see: `event`, `automation`, `labels`, `flow`, `deployment` and so on. */
export type TemplateContext = Readonly<Record<string, unknown>>

/** Longest text that a template may make, in characters. */
const TEXT_CHARS_MAX = 1_000_000
/** Numbers that `range` may give in one rendering, all its calls together. */
const RANGE_NUMBERS_MAX = 100_000

const PATH = /^\s*\{\{-?\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[(?:'[^'\\]*'|"[^"\\]*"|\d+)\])*)\s*(\|\s*tojson\s*)?-?\}\}\s*$/
const STEP = /\.([A-Za-z_]\w*)|\[(?:'([^']*)'|"([^"]*)"|(\d+))\]/g

export interface UserTemplate {
  /** The rendered text. Throws with a sentence when it cannot be rendered. */
  text(context: TemplateContext): string
  /** The value that the text says as JSON; `undefined` where the template is a path to nothing. */
  json(context: TemplateContext): unknown
}

type Steps = readonly (string | number)[]

function stepsOf(path: string): Steps {
  const [name = ''] = /^\w+/.exec(path) ?? []
  const rest = [...path.slice(name.length).matchAll(STEP)].map(([, dotted, single, double, index]) =>
    index === undefined ? (dotted ?? single ?? double ?? '') : Number(index),
  )
  return [name, ...rest]
}

/** Undefined wherever the path leaves what is there; nothing inherited is seen. */
function walk(context: unknown, steps: Steps): unknown {
  let value = context
  for (const step of steps) {
    if (Array.isArray(value)) value = typeof step === 'number' ? value[step] : undefined
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step]
    else return undefined
  }
  return value
}

function boundedRange(): (...parts: number[]) => number[] {
  let left = RANGE_NUMBERS_MAX
  return (...parts) => {
    const [start, stop, step] = parts.length === 1 ? [0, parts[0] ?? 0, 1] : [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 1]
    if (step === 0) throw new Error('range() cannot count in steps of 0')
    const count = Math.max(0, Math.ceil((stop - start) / step))
    left -= count
    if (left < 0) throw new Error(`range() may give ${RANGE_NUMBERS_MAX} numbers in one template`)
    return Array.from({ length: count }, (_, index) => start + index * step)
  }
}

function render(template: Template, context: TemplateContext): string {
  const environment = new Environment()
  const globals = {
    ...context,
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    range: boundedRange(),
  }
  for (const [name, value] of Object.entries(globals)) environment.set(name, value)
  const text = String(new Interpreter(environment).run(template.parsed).value)
  if (text.length > TEXT_CHARS_MAX) throw new Error(`it makes ${text.length} characters; at most ${TEXT_CHARS_MAX} may be`)
  return text
}

/** True for text in which something is to be filled in. */
export const isTemplate = (text: string): boolean => text.includes('{{') || text.includes('{%')

/** Parses `source`. Throws with a sentence when it does not parse. */
export function parseTemplate(source: string): UserTemplate {
  const template = new Template(source)
  const [, path, tojson] = PATH.exec(source) ?? []
  if (path === undefined) {
    return { text: (context) => render(template, context), json: (context) => JSON.parse(render(template, context)) }
  }
  const steps = stepsOf(path)
  return {
    text(context) {
      const value = walk(context, steps)
      // What is not there is empty text, also behind something that is not there.
      if (value === undefined) return tojson === undefined ? '' : 'null'
      return typeof value === 'string' && tojson === undefined ? value : render(template, context)
    },
    json(context) {
      const value = walk(context, steps)
      if (value === undefined || tojson !== undefined) return value
      return JSON.parse(typeof value === 'string' ? value : render(template, context))
    },
  }
}
