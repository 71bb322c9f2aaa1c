/** The little of TOML that settings need: `key = value` with texts, numbers, booleans and lists of texts, below `[tables]`. */
import { AppError } from '@pilotflame/core'

export type TomlValue = string | number | boolean | readonly string[]

const NAME = /^[A-Za-z0-9_-]+$/

function fault(file: string, line: number, what: string): AppError {
  return new AppError('invalid_request', `${file}, line ${line}: ${what}`)
}

/** Cuts a comment off that stands outside of quotes. */
function withoutComment(line: string): string {
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? ''
    if (quote === '"' && character === '\\') at += 1
    else if (quote !== '') quote = character === quote ? '' : quote
    else if (character === '"' || character === "'") quote = character
    else if (character === '#') return line.slice(0, at)
  }
  return line
}

function readText(text: string): string | undefined {
  if (/^'[^']*'$/.test(text)) return text.slice(1, -1)
  if (!/^"(?:[^"\\]|\\.)*"$/.test(text)) return undefined
  try {
    return JSON.parse(text) as string
  } catch {
    return undefined
  }
}

function readValue(text: string): TomlValue | undefined {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^[+-]?\d[\d_]*(\.\d+)?$/.test(text)) return Number(text.replaceAll('_', ''))
  if (text.startsWith('[') && text.endsWith(']')) {
    const inner = text.slice(1, -1).trim().replace(/,$/, '')
    if (inner === '') return []
    const parts = inner.split(',').map((part) => readText(part.trim()))
    return parts.every((part) => part !== undefined) ? parts : undefined
  }
  return readText(text)
}

/** Keys with their table in front: `server.port`. Throws `invalid_request` with the line. */
export function parseToml(text: string, file = 'pilotflame.toml'): ReadonlyMap<string, TomlValue> {
  const values = new Map<string, TomlValue>()
  let table = ''
  text.split(/\r?\n/).forEach((whole, index) => {
    const line = withoutComment(whole).trim()
    if (line === '') return
    if (line.startsWith('[')) {
      const name = /^\[\s*([^[\]]+?)\s*\]$/.exec(line)?.[1]
      if (name === undefined || !NAME.test(name)) throw fault(file, index + 1, `"${line}" is no table. Write [server].`)
      table = `${name}.`
      return
    }
    const equals = line.indexOf('=')
    const key = line.slice(0, Math.max(0, equals)).trim()
    if (equals < 0 || !NAME.test(key)) throw fault(file, index + 1, `"${line}" is no setting. Write name = value.`)
    const value = readValue(line.slice(equals + 1).trim())
    if (value === undefined) {
      throw fault(file, index + 1, `the value of "${key}" is no text, number, true or false. Put texts in double quotes.`)
    }
    values.set(table + key, value)
  })
  return values
}
