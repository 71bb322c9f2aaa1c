/**
 * Runs a prepared template as Prefect's sandbox does, within bounds: every step costs, and so do long texts and
 * lists; at the end of the budget it stops with a sentence. It sees its variables and nothing of JavaScript.
 *
 * What differs from the library: a path behind something undefined stays undefined, values are written as Python
 * writes them, `==` compares values of the same kind, and what could multiply a text is measured before it is done.
 */
import { isObject } from '../json.ts'
import { JinjaEvaluator, type Node, type Scope, textValue, toPlain, toValue, UNDEFINED, type Value } from './jinja.ts'
import { isPrefectProperty, prefectProperty } from './prefect-properties.ts'
import { pythonJson, pythonText } from './python-text.ts'

/** A third of a second at the very worst (sorting), and little memory. */
const STEPS_MAX = 200_000
/** Longest text that a template may make, in characters; also on the way to a shorter one. */
export const TEXT_CHARS_MAX = 1_000_000
const INDENT_MAX = 32

const isUndefined = ({ type }: Value): boolean => type === 'UndefinedValue'
const ready = (value: Value): Node => ({ type: 'Ready', value })

/** Filters that take text: whatever they are given is made text first. */
const OF_TEXT: ReadonlySet<string> = new Set('upper lower title capitalize trim replace indent string'.split(' '))
/** Filters that cost nothing, however long their operand is. */
const CHEAP: ReadonlySet<string> = new Set('length first last default safe get'.split(' '))
/** Filters that can make a text many times longer. */
const MULTIPLYING: ReadonlySet<string> = new Set(['replace', 'join', 'indent'])

function weightOf({ value }: Value): number {
  if (typeof value === 'string') return value.length >> 6
  if (Array.isArray(value)) return value.length >> 2
  return value instanceof Map ? value.size >> 2 : 0
}

const isNumber = ({ type }: Value): boolean => type === 'IntegerValue' || type === 'FloatValue' || type === 'BooleanValue'

/** The length that a multiplying filter would give its text. */
function lengthAfter(name: string, operand: Value, given: readonly Value[]): number {
  const text = typeof operand.value === 'string' ? operand.value : ''
  const [first = '', second = ''] = given.map(({ value }) => (typeof value === 'string' ? value : ''))
  if (name === 'replace') return text.length + (first === '' ? text.length + 1 : text.split(first).length - 1) * second.length
  if (name === 'indent') return text.length + text.split('\n').length * Number(given[0]?.value ?? 4)
  const items = Array.isArray(operand.value) ? (operand.value as Value[]) : []
  const count = typeof operand.value === 'string' ? text.length : items.length
  return items.reduce((sum, { value }) => sum + (value as string).length, text.length) + count * first.length
}

export class BoundedInterpreter extends JinjaEvaluator {
  #left = STEPS_MAX

  #spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new Error('it does too much: loop over less, or prepare the value before it is sent')
  }

  override evaluate(node: Node | undefined, scope: Scope): Value {
    if (node?.type === 'Ready') return node.value as Value
    this.#spend(1)
    const value = this.#evaluate(node, scope)
    if (value.type === 'StringValue') this.#checkLength((value.value as string).length)
    return value
  }

  #checkLength(characters: number): void {
    if (characters > TEXT_CHARS_MAX) throw new Error(`it makes ${characters} characters; at most ${TEXT_CHARS_MAX} may be`)
  }

  /** Its JSON. Four parts of a value cost a step. */
  #plain(value: Value): unknown {
    return toPlain(value, (parts) => this.#spend(parts / 4))
  }

  /** As Python writes it; a float that is whole keeps its `.0`. */
  #written(value: Value): string {
    if (value.type === 'FloatValue' && Number.isInteger(value.value)) return `${value.value}.0`
    return pythonText(this.#plain(value))
  }

  #evaluate(node: Node | undefined, scope: Scope): Value {
    switch (node?.type) {
      case 'Output':
        return this.#made(this.#written(this.evaluate(node.expression as Node, scope)))
      case 'MemberExpression':
        return this.#member(node, scope)
      case 'CallExpression':
        return this.#call(node, scope)
      case 'FilterExpression':
        return this.#filter(node, scope)
      case 'BinaryExpression':
        return this.#binary(node, scope)
      case 'For':
        return this.#loop(node, scope)
      default:
        return super.evaluate(node, scope)
    }
  }

  #made(text: string): Value {
    this.#spend(text.length >> 6)
    return textValue(text)
  }

  #member(node: Node, scope: Scope): Value {
    const object = this.evaluate(node.object as Node, scope)
    if (isUndefined(object)) return object
    const property = node.property as Node
    const indexed = node.computed === true && property.type !== 'SliceExpression'
    const at = indexed ? this.evaluate(property, scope) : undefined
    const byPosition = Array.isArray(object.value) || typeof object.value === 'string'
    if (at && at.type !== 'StringValue' && !(byPosition && at.type === 'IntegerValue')) return UNDEFINED
    // A slice is a copy.
    if (property.type === 'SliceExpression') this.#spend(weightOf(object) * 4)
    const found = super.evaluate({ ...node, object: ready(object), property: at ? ready(at) : property }, scope)
    const name = at ? at.value : property.value
    return isUndefined(found) && typeof name === 'string' ? this.#prefectProperty(object, name) : found
  }

  #prefectProperty(object: Value, name: string): Value {
    if (!(object.value instanceof Map) || !isPrefectProperty(name)) return UNDEFINED
    const plain = this.#plain(object)
    return isObject(plain) ? toValue(prefectProperty(plain, name)) : UNDEFINED
  }

  /** Methods cost as much as what they are called on is long, and what they make. */
  #call(node: Node, scope: Scope): Value {
    const callee = node.callee as Node
    if (callee.type !== 'MemberExpression') return super.evaluate(node, scope)
    const object = this.evaluate(callee.object as Node, scope)
    this.#spend(weightOf(object) * 4)
    const made = super.evaluate({ ...node, callee: { ...callee, object: ready(object) } }, scope)
    this.#spend(weightOf(made))
    return made
  }

  #filter(node: Node, scope: Scope): Value {
    const filter = node.filter as Node
    const name = String(filter.type === 'CallExpression' ? (filter.callee as Node).value : filter.value)
    const given = this.evaluate(node.operand as Node, scope)
    if (!CHEAP.has(name)) this.#spend(weightOf(given))
    if (name === 'tojson') return this.#made(pythonJson(this.#plain(given), this.#indentOf(filter, scope)))
    if (name === 'string') return this.#made(this.#written(given))
    const operand = this.#operandFor(name, given)
    const arranged = MULTIPLYING.has(name) ? this.#measured(name, operand, filter, scope) : filter
    const made = super.evaluate({ type: 'FilterExpression', operand: ready(operand), filter: arranged }, scope) ?? UNDEFINED
    if (!CHEAP.has(name)) this.#spend(weightOf(made))
    return made
  }

  /** What is undefined is empty text, or an empty list. */
  #operandFor(name: string, given: Value): Value {
    if (name === 'join' && Array.isArray(given.value)) return toValue(given.value.map((item: Value) => this.#written(item)))
    if (OF_TEXT.has(name)) return given.type === 'StringValue' ? given : this.#made(this.#written(given))
    if (!isUndefined(given) || name === 'default' || name === 'safe') return given
    return toValue([])
  }

  /** The filter with its arguments worked out, once it is sure that the text does not get too long. */
  #measured(name: string, operand: Value, filter: Node, scope: Scope): Node {
    if (filter.type !== 'CallExpression') return filter
    const values: Value[] = []
    const take = (node: Node): Node => {
      const value = this.evaluate(node, scope)
      values.push(value)
      return ready(value)
    }
    const args = (filter.args as readonly Node[]).map((node) => {
      if (node.type.endsWith('SpreadExpression')) throw new Error(`${name} takes its arguments one by one`)
      return node.type === 'KeywordArgumentExpression' ? { ...node, value: take(node.value as Node) } : take(node)
    })
    this.#checkLength(lengthAfter(name, operand, values))
    return { ...filter, args }
  }

  #indentOf(filter: Node, scope: Scope): number {
    const [argument] = filter.type === 'CallExpression' ? (filter.args as readonly Node[]) : []
    if (argument === undefined) return 0
    const node = argument.type === 'KeywordArgumentExpression' ? (argument.value as Node) : argument
    const value = this.#plain(this.evaluate(node, scope))
    if (value === null) return 0
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= INDENT_MAX) return value
    throw new Error(`tojson can indent by 0 to ${INDENT_MAX}`)
  }

  #binary(node: Node, scope: Scope): Value {
    const operator = String((node.operator as Value).value)
    if (operator === 'and' || operator === 'or') return super.evaluate(node, scope)
    const left = this.evaluate(node.left as Node, scope)
    const right = this.evaluate(node.right as Node, scope)
    if (operator === '~') return this.#made(this.#written(left) + this.#written(right))
    this.#spend(weightOf(left) + weightOf(right))
    if (operator === '==') return toValue(this.#equal(left, right))
    if (operator === '!=') return toValue(!this.#equal(left, right))
    const texts = [left, right].filter(({ type }) => type === 'StringValue').length
    if (operator === '+' && texts === 1) throw new Error('only text can be added to text with +; use ~')
    return super.evaluate({ ...node, left: ready(left), right: ready(right) }, scope)
  }

  #equal(one: Value, other: Value): boolean {
    if (isNumber(one) && isNumber(other)) return Number(one.value) === Number(other.value)
    if (typeof one.value === 'function' || typeof other.value === 'function') return one === other
    return isUndefined(one) === isUndefined(other) && pythonText([this.#plain(one)]) === pythonText([this.#plain(other)])
  }

  #loop(node: Node, scope: Scope): Value {
    const iterable = node.iterable as Node
    const isFiltered = iterable.type === 'SelectExpression'
    const given = this.evaluate((isFiltered ? iterable.lhs : iterable) as Node, scope)
    const items = isUndefined(given) ? toValue([]) : given
    // Every item costs before the first one is reached.
    this.#spend(Array.isArray(items.value) ? items.value.length : items.value instanceof Map ? items.value.size : 0)
    return super.evaluate({ ...node, iterable: isFiltered ? { ...iterable, lhs: ready(items) } : ready(items) }, scope)
  }
}
