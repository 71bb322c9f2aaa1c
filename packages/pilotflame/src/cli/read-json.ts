/** JSON that stands in a flag, in a file, or on stdin (`-`); what is none is shown with its place. */
import { readFileSync } from 'node:fs'
import { AppError, isObject, isTooDeepIn, JSON_DEPTH_MAX, type JsonObject } from '@pilotflame/core'
import { cut, oneLine } from './text-width.ts'

export interface JsonSource {
  /** What people call it, such as `--data`. */
  readonly name: string
  readonly text: string
}

/** Shells that take the quotes away are the usual reason. */
const quotingHint = (name: string, text: string): string => {
  if (!name.startsWith('--')) return ''
  if (/^\{\s*[\w$]+\s*:/.test(text) || /^[^"]*$/.test(text)) {
    return ` Put the whole text in single quotes so that the shell keeps the double ones: ${name} '{"name": "Ada"}'`
  }
  return ''
}

/** Throws `invalid_json` with line, column, and what was seen there; `invalid_request` for what is nested too deeply. */
export async function parseJson(source: JsonSource): Promise<unknown> {
  const json = await parsed(source)
  if (!isTooDeepIn(source.text.length, json)) return json
  throw new AppError('invalid_request', `${source.name} is nested deeper than ${JSON_DEPTH_MAX} levels. Make it flatter.`)
}

async function parsed({ name, text }: JsonSource): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch (cause) {
    // Loaded late: it comes with the whole contract.
    const { findJsonFault } = await import('@pilotflame/core/contract')
    const fault = findJsonFault(text)
    if (!fault) throw new AppError('invalid_json', `${name} is not JSON.`, { cause })
    const line = oneLine(text.split('\n')[fault.line - 1] ?? '')
    const seen = line === '' ? '' : ` in ${cut(line, 60)}`
    const place = `line ${fault.line}, column ${fault.column}`
    throw new AppError('invalid_json', `${name} is not JSON: ${place}: ${fault.message}${seen}.${quotingHint(name, text)}`, {
      cause,
    })
  }
}

export async function parseJsonObject(source: JsonSource): Promise<JsonObject> {
  const value = await parseJson(source)
  if (isObject(value)) return value as JsonObject
  const kind = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`
  throw new AppError('invalid_request', `${source.name} is ${kind}, and a JSON object is needed, such as {"value": 1}.`)
}

/** The text of a flag's value; `-` reads stdin. */
export function readSource(name: string, value: string): JsonSource {
  if (value !== '-') return { name, text: value }
  return { name: `${name} (stdin)`, text: readFileSync(0, 'utf8') }
}

/** The text of a file; `-` reads stdin. Throws `not_found`. */
export function readFileSource(path: string): JsonSource {
  if (path === '-') return { name: 'stdin', text: readFileSync(0, 'utf8') }
  try {
    return { name: path, text: readFileSync(path, 'utf8') }
  } catch (cause) {
    throw new AppError('not_found', `There is no file ${path} that can be read. Check its name and the folder you are in.`, {
      cause,
    })
  }
}
