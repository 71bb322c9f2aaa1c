/**
 * Templates that are nothing but a path (`{{ event.payload.n }}`, also with `| tojson`), which are most of them:
 * answered by walking the path, without rendering. Where a step is anything but a plain field, it is left to rendering.
 */
import { isObject } from '../json.ts'
import type { Node } from './jinja.ts'
import { prefectProperty } from './prefect-properties.ts'

export interface DirectPath {
  readonly root: string
  readonly steps: readonly (string | number)[]
  /** True with `| tojson`. */
  readonly asJson: boolean
}

/** The path has to be rendered: a step is a method, or leads into a text. */
export const RENDER = Symbol('render')

/** What objects have in Jinja beside their fields. */
const METHODS: ReadonlySet<string> = new Set(['get', 'items', 'keys', 'values', 'dictsort'])

function stepOf({ computed, property }: Node): string | number | undefined {
  const { type, value } = property as Node
  const isField = computed !== true && type === 'Identifier'
  const isKey = type === 'StringLiteral' || (type === 'IntegerLiteral' && Number(value) >= 0)
  return isField || isKey ? (value as string | number) : undefined
}

/** The path that a prepared program is, if it is one. */
export function directPathOf(program: Node): DirectPath | undefined {
  const [statement, ...others] = program.body as readonly Node[]
  if (statement?.type !== 'Output' || others.length > 0) return undefined
  let node = statement.expression as Node
  const asJson = node.type === 'FilterExpression'
  if (asJson) {
    const { type, value } = node.filter as Node
    if (type !== 'Identifier' || value !== 'tojson') return undefined
    node = node.operand as Node
  }
  const steps: (string | number)[] = []
  while (node.type === 'MemberExpression') {
    const step = stepOf(node)
    if (step === undefined) return undefined
    steps.unshift(step)
    node = node.object as Node
  }
  return node.type === 'Identifier' ? { root: String(node.value), steps, asJson } : undefined
}

function field(object: Readonly<Record<string, unknown>>, step: string | number): unknown {
  if (typeof step === 'number') return undefined
  if (Object.hasOwn(object, step)) return object[step]
  return METHODS.has(step) ? RENDER : prefectProperty(object, step)
}

/** The value at the end of the path; undefined wherever it leaves what is there; or `RENDER`. */
export function walk(from: unknown, steps: DirectPath['steps']): unknown {
  let value = from
  for (const step of steps) {
    if (value === undefined || value === RENDER) return value
    if (typeof value === 'string') return RENDER
    if (Array.isArray(value)) value = typeof step === 'number' ? value[step] : RENDER
    else value = isObject(value) ? field(value, step) : undefined
  }
  return value
}
