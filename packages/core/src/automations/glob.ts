/**
 * Globs as Python's `fnmatchcase` reads them, which is what Prefect's triggers are written in: `*` is any text,
 * `?` one character, `[a-z]` and `[!a-z]` one of a set. The rest stands for itself, case included.
 * Compiled once; a test never takes longer than pattern × text, whatever the pattern.
 */
export type GlobTest = (text: string) => boolean

export const isGlob = (pattern: string): boolean => /[*?[]/.test(pattern)

type One = (character: string) => boolean
const STAR = Symbol('star')
type Token = One | typeof STAR

const anyCharacter: One = () => true
const literally =
  (wanted: string): One =>
  (character) =>
    character === wanted

const codeOf = (character: string): number => character.codePointAt(0) ?? 0

/** `a-cx` → one of a, b, c, x. A range that runs backwards holds nothing. */
function readSet(members: readonly string[]): One {
  const ranges: (readonly [number, number])[] = []
  for (let at = 0; at < members.length; ) {
    const low = codeOf(members[at] ?? '')
    const isRange = members[at + 1] === '-' && at + 2 < members.length
    ranges.push([low, isRange ? codeOf(members[at + 2] ?? '') : low])
    at += isRange ? 3 : 1
  }
  return (character) => {
    const code = codeOf(character)
    return ranges.some(([low, high]) => low <= code && code <= high)
  }
}

/** Reads the set that opens at `open`; `undefined` when it never closes, and the bracket stands for itself. */
function readBracket(characters: readonly string[], open: number): { token: One; next: number } | undefined {
  let from = open + 1
  const negated = characters[from] === '!'
  if (negated) from++
  // A bracket in first place is a member of the set.
  const close = characters.indexOf(']', characters[from] === ']' ? from + 1 : from)
  if (close < 0) return undefined
  const isMember = readSet(characters.slice(from, close))
  return { token: negated ? (character) => !isMember(character) : isMember, next: close + 1 }
}

function tokenize(pattern: string): Token[] {
  const characters = Array.from(pattern)
  const tokens: Token[] = []
  for (let at = 0; at < characters.length; ) {
    const character = characters[at] ?? ''
    const bracket = character === '[' ? readBracket(characters, at) : undefined
    if (character === '*') tokens.push(STAR)
    else if (character === '?') tokens.push(anyCharacter)
    else tokens.push(bracket?.token ?? literally(character))
    at = bracket?.next ?? at + 1
  }
  return tokens
}

/** Remembers only the last star: an earlier one never has to take more, so the time is pattern × text at most. */
function matchTokens(tokens: readonly Token[], text: readonly string[]): boolean {
  let at = 0
  let token = 0
  let star = -1
  let starAt = 0
  while (at < text.length) {
    const current = tokens[token]
    if (current === STAR) {
      star = token++
      starAt = at
    } else if (current?.(text[at] ?? '')) {
      token++
      at++
    } else if (star >= 0) {
      token = star + 1
      at = ++starAt
    } else return false
  }
  while (tokens[token] === STAR) token++
  return token === tokens.length
}

/** Parts between stars, found one after the other: the first at the start, the last at the end. */
function matchParts(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? ''
  const last = parts[parts.length - 1] ?? ''
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (let index = 1; index < parts.length - 1; index++) {
    const part = parts[index] ?? ''
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}

export function compileGlob(pattern: string): GlobTest {
  if (!isGlob(pattern)) return (text) => text === pattern
  if (!/[?[]/.test(pattern)) {
    const parts = pattern.split('*')
    return (text) => matchParts(parts, text)
  }
  const tokens = tokenize(pattern)
  return (text) => matchTokens(tokens, Array.from(text))
}
