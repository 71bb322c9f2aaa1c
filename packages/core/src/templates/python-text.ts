/** Values as Python writes them, which is what Prefect's templates give: `True`, `None`, `['a', 1]`, and its JSON. */
import { isObject } from '../json.ts'

/** The text of a string inside of a list: in single quotes, or in double ones where it has only single ones inside. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
  return quote + escaped + quote
}

const inside = (value: unknown): string => (typeof value === 'string' ? quoted(value) : pythonText(value))

/** `str(value)`; what is undefined is empty. */
export function pythonText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined) return ''
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) return `[${value.map(inside).join(', ')}]`
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${quoted(key)}: ${inside(item)}`)
      .join(', ')}}`
  return String(value)
}

/** Everything beyond ASCII, and what could close a tag or an attribute in a page. */
const UNSAFE = /[<>&'\u007f-\uffff]/g
const escapeUnsafe = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${value} cannot be written as JSON`)
  return Object.is(value, -0) ? '-0.0' : String(value)
}

/** `json.dumps(value, sort_keys=True)`, safe inside of a page. Throws where there is nothing to write. */
export function pythonJson(value: unknown, indent = 0, depth = 0): string {
  if (typeof value === 'string') return JSON.stringify(value).replace(UNSAFE, escapeUnsafe)
  if (typeof value === 'number') return writeNumber(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value !== 'object')
    throw new Error(value === undefined ? 'there is nothing to write as JSON' : `a ${typeof value} cannot be written as JSON`)
  const one = (item: unknown): string => pythonJson(item, indent, depth + 1)
  const parts = Array.isArray(value)
    ? value.map(one)
    : Object.entries(value)
        .sort(([key], [other]) => (key < other ? -1 : 1))
        .map(([key, item]) => `${one(key)}: ${one(item)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  if (indent === 0 || parts.length === 0) return `${open}${parts.join(', ')}${close}`
  const line = (level: number): string => `\n${' '.repeat(indent * level)}`
  return `${open}${line(depth + 1)}${parts.join(`,${line(depth + 1)}`)}${line(depth)}${close}`
}
