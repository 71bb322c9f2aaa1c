/**
 * A template's text, parsed and arranged for `BoundedInterpreter`: what it can never do is refused here, when it is
 * saved, and not at the first event.
 */
import { nearest } from '../suggest.ts'
import { type Node, parseJinja } from './jinja.ts'

export interface PreparedTemplate {
  readonly program: Node
  /** Every name in it: only these variables are handed over. */
  readonly names: ReadonlySet<string>
}

/** Prefect's own bounds. */
const LOOPS_MAX = 10
const LOOP_DEPTH_MAX = 2
const SOURCE_CHARS_MAX = 100_000

const FILTERS: ReadonlySet<string> = new Set(
  'abs bool capitalize default dictsort first float get indent int items join keys last length list lower map rejectattr replace reverse safe selectattr sort string title tojson trim unique upper values'.split(
    ' ',
  ),
)
const TESTS: ReadonlySet<string> = new Set(
  'boolean callable odd even false true none string number integer iterable mapping sequence lower upper defined undefined equalto eq'.split(
    ' ',
  ),
)
/** Other names for the same filter. */
const SYNONYMS: Readonly<Record<string, string>> = { d: 'default', count: 'length' }

/** Fields that hold statements, one after the other. */
const BLOCKS: ReadonlySet<string> = new Set(['body', 'alternate', 'defaultBlock'])
const STATEMENTS: ReadonlySet<string> = new Set(
  'Set If For Macro CallStatement FilterStatement Break Continue Comment Program StringLiteral Output'.split(' '),
)

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string'

function refuseUnknown(what: 'filter' | 'test', name: string, known: ReadonlySet<string>): void {
  if (known.has(name)) return
  const suggestion = nearest(name, known)
  throw new Error(`there is no ${what} "${name}" here${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`)
}

const filterName = (filter: Node): string =>
  String(filter.type === 'CallExpression' ? (filter.callee as Node).value : filter.value)

/** A filter in its one form: a call, under its first name. */
function arrangeFilter(filter: Node): Node {
  const written = filterName(filter)
  const name = SYNONYMS[written] ?? written
  refuseUnknown('filter', name, FILTERS)
  if (filter.type === 'CallExpression') return { ...filter, callee: { type: 'Identifier', value: name } }
  const callee = { type: 'Identifier', value: name }
  return name === 'default' ? { type: 'CallExpression', callee, args: [] } : callee
}

/** `text.replace(a, b)` is the filter of that name, which is bounded. */
function isReplace({ type, callee }: Node): boolean {
  return (
    type === 'CallExpression' &&
    isNode(callee) &&
    callee.type === 'MemberExpression' &&
    isNode(callee.property) &&
    callee.property.value === 'replace'
  )
}

function arrange(node: Node): Node {
  if (node.type === 'FilterExpression') return { ...node, filter: arrangeFilter(node.filter as Node) }
  if (node.type === 'FilterStatement') {
    const operand = { type: 'Program', body: node.body }
    return { type: 'FilterExpression', operand, filter: arrangeFilter(node.filter as Node) }
  }
  if (isReplace(node)) {
    const filter = { type: 'CallExpression', callee: { type: 'Identifier', value: 'replace' }, args: node.args }
    return { type: 'FilterExpression', operand: (node.callee as Node).object, filter }
  }
  if (node.type === 'TestExpression') refuseUnknown('test', String((node.test as Node).value), TESTS)
  return node
}

const output = (statement: Node): Node => (STATEMENTS.has(statement.type) ? statement : { type: 'Output', expression: statement })

class Arranger {
  readonly names = new Set<string>()
  #loops = 0

  node(node: Node, depth: number): Node {
    if (node.type === 'Identifier') this.names.add(String(node.value))
    const inner = node.type === 'For' ? this.#countLoop(depth) : depth
    const fields = Object.entries(node).map(([field, value]) => [field, this.#field(field, value, inner)] as const)
    return arrange(Object.fromEntries(fields) as Node)
  }

  #field(field: string, value: unknown, depth: number): unknown {
    if (isNode(value)) return this.node(value, depth)
    if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [this.node(key, depth), this.node(item, depth)]))
    if (!Array.isArray(value)) return value
    const nodes = value.map((item: unknown) => (isNode(item) ? this.node(item, depth) : item))
    return BLOCKS.has(field) ? nodes.map((item) => output(item as Node)) : nodes
  }

  #countLoop(depth: number): number {
    if (++this.#loops > LOOPS_MAX) throw new Error(`it has more than ${LOOPS_MAX} loops`)
    if (depth >= LOOP_DEPTH_MAX) throw new Error(`its loops are nested more than ${LOOP_DEPTH_MAX} deep`)
    return depth + 1
  }
}

/** Throws with a sentence when `source` is no template that can be rendered. */
export function prepareTemplate(source: string): PreparedTemplate {
  if (source.length > SOURCE_CHARS_MAX) throw new Error(`it has ${source.length} characters; at most ${SOURCE_CHARS_MAX} may be`)
  const arranger = new Arranger()
  const program = arranger.node(parseJinja(source), 0)
  return { program, names: arranger.names }
}
