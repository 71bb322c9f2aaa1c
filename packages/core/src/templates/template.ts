/**
 * One template of a user's, parsed once. A template that is only a path is answered by walking the path; everything
 * else is rendered as Jinja, within bounds. Both ways give the same.
 */
import { isObject } from '../json.ts'
import { BoundedInterpreter, TEXT_CHARS_MAX } from './bounded-interpreter.ts'
import { directPathOf, RENDER, walk } from './direct-path.ts'
import { createScope, type Scope } from './jinja.ts'
import { labelTree } from './prefect-properties.ts'
import { type PreparedTemplate, prepareTemplate } from './prepare-template.ts'
import { pythonJson, pythonText } from './python-text.ts'

/** What templates see: `event`, `automation`, `labels`, `flow`, `deployment` and so on. JSON all of it. */
export type TemplateContext = Readonly<Record<string, unknown>>

export interface UserTemplate {
  /** Every name in it, variables among them. */
  readonly names: ReadonlySet<string>
  /** The rendered text. Throws with a sentence when it cannot be rendered. */
  text(context: TemplateContext): string
  /** The value that the text says as JSON; `undefined` where the template is a path to nothing. Throws likewise. */
  json(context: TemplateContext): unknown
}

/** Numbers that `range` may give in one rendering, all its calls together. */
const RANGE_NUMBERS_MAX = 10_000

const CONSTANTS: Readonly<Record<string, unknown>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
}
/** Names that are Jinja's own, whatever the context has. */
const isReserved = (name: string): boolean => name === 'range' || name === 'namespace' || Object.hasOwn(CONSTANTS, name)

function boundedRange(): (...parts: number[]) => number[] {
  let left = RANGE_NUMBERS_MAX
  return (...parts) => {
    const [start, stop, step] = parts.length === 1 ? [0, parts[0] ?? 0, 1] : [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 1]
    if (![start, stop, step].every(Number.isSafeInteger)) throw new Error('range() takes whole numbers')
    if (step === 0) throw new Error('range() cannot count in steps of 0')
    const count = Math.max(0, Math.ceil((stop - start) / step))
    left -= count
    if (left < 0) throw new Error(`range() may give ${RANGE_NUMBERS_MAX} numbers in one template`)
    return Array.from({ length: count }, (_, index) => start + index * step)
  }
}

/** A variable of the context. Nothing inherited is seen. */
function variable(context: TemplateContext, name: string): unknown {
  if (!Object.hasOwn(context, name)) return undefined
  const value = context[name]
  return name === 'labels' && isObject(value) ? labelTree(value) : value
}

function scopeFor(names: ReadonlySet<string>, context: TemplateContext): Scope {
  const scope = createScope()
  for (const name of names) {
    if (Object.hasOwn(CONSTANTS, name)) scope.set(name, CONSTANTS[name])
    else if (name === 'range') scope.set(name, boundedRange())
    else if (!isReserved(name)) scope.set(name, variable(context, name))
  }
  return scope
}

const render = ({ program, names }: PreparedTemplate, context: TemplateContext): string =>
  String(new BoundedInterpreter().evaluate(program, scopeFor(names, context)).value)

function checked(text: string): string {
  if (text.length > TEXT_CHARS_MAX) throw new Error(`it makes ${text.length} characters; at most ${TEXT_CHARS_MAX} may be`)
  return text
}

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(
      text.trim() === '' ? 'it gives nothing' : `it gives ${shown(text)}, which is no JSON; write it with "| tojson"`,
    )
  }
}

/** True for text in which something is to be filled in. */
export const isTemplate = (text: string): boolean => text.includes('{{') || text.includes('{%')

const rendering = (prepared: PreparedTemplate): UserTemplate => ({
  names: prepared.names,
  text: (context) => render(prepared, context),
  json: (context) => parseJson(render(prepared, context)),
})

/** Renders always; `parseTemplate` takes the short way where there is one. */
export const parseRenderedTemplate = (source: string): UserTemplate => rendering(prepareTemplate(source))

/** Parses `source`. Throws with a sentence when it does not parse. */
export function parseTemplate(source: string): UserTemplate {
  const prepared = prepareTemplate(source)
  const path = directPathOf(prepared.program)
  const rendered = rendering(prepared)
  if (path === undefined || isReserved(path.root)) return rendered
  const { root, steps, asJson } = path
  const find = (context: TemplateContext): unknown => walk(variable(context, root), steps)
  return {
    names: prepared.names,
    text(context) {
      const value = find(context)
      if (value === RENDER) return rendered.text(context)
      return checked(asJson ? pythonJson(value) : pythonText(value))
    },
    json(context) {
      const value = find(context)
      if (value === RENDER) return rendered.json(context)
      return asJson ? value : parseJson(checked(pythonText(value)))
    },
  }
}
