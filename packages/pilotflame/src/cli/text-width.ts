/** How wide text stands in a terminal, and how it is cut to fit. */
import { stripVTControlCharacters } from 'node:util'

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const NO_WIDTH = /\p{M}|\p{Cf}/u

const widthOf = (character: string): number => (NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1)

/** Columns of a terminal that `text` takes; colours take none. */
export function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text)
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length
  let width = 0
  for (const character of plain) width += widthOf(character)
  return width
}

/** `text` in at most `columns`; what does not fit becomes `…`. For text without colours. */
export function cut(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  if (columns < 1) return ''
  let kept = ''
  let width = 0
  for (const character of text) {
    width += widthOf(character)
    if (width > columns - 1) break
    kept += character
  }
  return `${kept.trimEnd()}…`
}

/** What others wrote as one line: no line breaks, and no control characters that could play with the terminal. */
export const oneLine = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '')
    .trim()

/** Streamed text as a terminal may see it: line breaks and tabs stay, all other control characters go. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, (character) =>
    character === '\n' || character === '\t' ? character : '',
  )

/** Puts `parts` into lines of at most `columns`, breaking between parts only; later lines are indented. */
export function wrapParts(parts: readonly string[], separator: string, columns: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const part of parts) {
    const longer = line === '' ? part : line + separator + part
    if (line !== '' && textWidth(longer) > columns) {
      lines.push(line + separator.trimEnd())
      line = indent + part
    } else line = longer
  }
  return line === '' ? lines : [...lines, line]
}

/** Puts text into lines of at most `columns`, breaking between words only; what was indented stays so. */
export function wrapWords(text: string, columns: number): string[] {
  return text.split('\n').flatMap((line) => {
    if (textWidth(line) <= columns) return [line]
    const [indent = ''] = /^ */.exec(line) ?? []
    const words = line.trim().split(/ +/)
    return wrapParts(words, ' ', columns - indent.length).map((part) => indent + part)
  })
}
