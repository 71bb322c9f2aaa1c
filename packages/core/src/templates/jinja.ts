/**
 * The parts of the Jinja library that are used, with the types that its package does not give, and the way between
 * its values and ours. Its own `Template` is not used: it reads the clock and knows no bounds.
 */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja'

/** A node of a parsed template. */
export interface Node {
  readonly type: string
  readonly [field: string]: unknown
}

/** A value while a template is rendered. */
export interface Value {
  readonly type: string
  readonly value: unknown
}

/** The variables that are seen at one place; one without its own asks its parent. */
export interface Scope {
  set(name: string, value: unknown): Value
  lookupVariable(name: string): Value
}

interface Evaluator {
  evaluate(node: Node | undefined, scope: Scope): Value
}

export const createScope = (): Scope => new Environment() as unknown as Scope
export const JinjaEvaluator = Interpreter as unknown as new () => Evaluator

/** Parses without dropping any line: Prefect does not trim blocks. Throws with a sentence. */
export const parseJinja = (source: string): Node =>
  parse(tokenize(source, { lstrip_blocks: false, trim_blocks: false })) as unknown as Node

/** Our JSON as a value of the library's. */
export const toValue = (plain: unknown): Value => createScope().set('value', plain)

export const UNDEFINED: Value = toValue(undefined)
const StringValue = toValue('').constructor as new (text: string) => Value
export const textValue = (text: string): Value => new StringValue(text)

/**
 * The library's value as our JSON; `spend` is told of every part. (A list may hold the same list twice, and so on:
 * such a thing is small here and huge once it is written.) Throws for a function.
 */
export function toPlain({ type, value }: Value, spend: (parts: number) => void): unknown {
  spend(1)
  if (type === 'NullValue') return null // whatever it holds
  if (Array.isArray(value)) return value.map((item: Value) => toPlain(item, spend))
  if (value instanceof Map) {
    const entries = Array.from(value as Map<string, Value>, ([key, item]) => [key, toPlain(item, spend)] as const)
    return Object.fromEntries(entries)
  }
  if (typeof value === 'function') throw new Error('a function is no value; call it')
  return value
}
