/**
 * Where a text stops being JSON: line, column, and what was expected there. Runs only after `JSON.parse` has refused
 * the text. Goes through it without recursion, so that deep nesting is no danger.
 */

export interface JsonFault {
  /** Both count from 1; a column is a UTF-16 unit, as editors count. */
  readonly line: number
  readonly column: number
  readonly offset: number
  /** What is wrong there, as the end of a sentence. */
  readonly message: string
}

type Expecting = 'value' | 'value or ]' | 'key or }' | 'key' | ':' | ', or end' | 'nothing'

const BLANK = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[A-Za-z_$][\w$]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'null'])

interface Stop {
  readonly at: number
  readonly message: string
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

const skipBlank = (text: string, at: number): number => at + (matchAt(BLANK, text, at)?.length ?? 0)

/** The end of the string that starts at `at`, or why it has none. */
function stringEnd(text: string, at: number): number | Stop {
  let here = at + 1
  for (;;) {
    const code = text.charCodeAt(here)
    if (Number.isNaN(code)) return { at, message: 'the string that starts here has no closing quote' }
    if (code === 0x22) return here + 1
    if (code < 0x20) return { at: here, message: 'a line break or control character inside a string must be escaped' }
    if (code !== 0x5c) here += 1
    else {
      const sequence = matchAt(ESCAPE, text, here)
      if (sequence === undefined) return { at: here, message: 'this is no escape that JSON knows' }
      here += sequence.length
    }
  }
}

function found(text: string, at: number): string {
  if (at >= text.length) return 'the text ends here'
  const word = matchAt(WORD, text, at)
  return `found ${JSON.stringify(word ?? String.fromCodePoint(text.codePointAt(at) ?? 0))}`
}

/** The end of a number or word, or why there is none. */
function scalarEnd(text: string, at: number): number | Stop {
  const word = matchAt(WORD, text, at)
  if (word !== undefined) return WORDS.has(word) ? at + word.length : { at, message: `expected a value, but ${found(text, at)}` }
  const number = matchAt(NUMBER, text, at)
  if (number !== undefined && number !== '') return at + number.length
  if (text[at] === "'") return { at, message: 'strings stand in double quotes' }
  return { at, message: `expected a value, but ${found(text, at)}` }
}

/** Walks the text with a stack of the brackets that are open. */
function walk(text: string): Stop | undefined {
  const open: ('{' | '[')[] = []
  let expecting: Expecting = 'value'
  let at = 0
  const close = (): void => {
    open.pop()
    expecting = open.length === 0 ? 'nothing' : ', or end'
  }
  for (;;) {
    at = skipBlank(text, at)
    const char = text[at]
    if (expecting === 'nothing')
      return char === undefined ? undefined : { at, message: `the JSON is complete before this, but ${found(text, at)}` }
    if (expecting === ':') {
      if (char !== ':') return { at, message: `expected ":" after the name, but ${found(text, at)}` }
      expecting = 'value'
      at += 1
    } else if (expecting === ', or end') {
      const end = open.at(-1) === '{' ? '}' : ']'
      if (char === end) close()
      else if (char === ',') expecting = open.at(-1) === '{' ? 'key' : 'value'
      else return { at, message: `expected "," or "${end}", but ${found(text, at)}` }
      at += 1
    } else if (expecting === 'key' || expecting === 'key or }') {
      if (char === '}' && expecting === 'key or }') {
        close()
        at += 1
      } else if (char === '"') {
        const end = stringEnd(text, at)
        if (typeof end !== 'number') return end
        at = end
        expecting = ':'
      } else if (char === '}') return { at, message: 'a comma stands before this "}"; the last entry has none' }
      else return { at, message: `expected a name in double quotes, but ${found(text, at)}` }
    } else if (char === '{' || char === '[') {
      open.push(char)
      expecting = char === '{' ? 'key or }' : 'value or ]'
      at += 1
    } else if (char === ']' && expecting === 'value or ]') {
      close()
      at += 1
    } else if (char === ']' && open.at(-1) === '[')
      return { at, message: 'a comma stands before this "]"; the last entry has none' }
    else {
      const end = char === '"' ? stringEnd(text, at) : scalarEnd(text, at)
      if (typeof end !== 'number') return end
      at = end
      expecting = open.length === 0 ? 'nothing' : ', or end'
    }
  }
}

/** The first fault of a text that is not JSON; `undefined` when it is JSON. */
export function findJsonFault(text: string): JsonFault | undefined {
  const stop = walk(text)
  if (stop === undefined) return undefined
  const before = text.slice(0, stop.at)
  const lastBreak = before.lastIndexOf('\n')
  return {
    line: before.split('\n').length,
    column: stop.at - lastBreak,
    offset: stop.at,
    message: stop.message,
  }
}
