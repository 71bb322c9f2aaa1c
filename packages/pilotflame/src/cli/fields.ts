/** Names and values below each other; where there is no room beside its name, a value stands below it. */
import { textWidth, wrapWords } from './text-width.ts'

const GAP = 2
/** Sentences in a narrower column are hard to read. */
const COLUMN_MIN = 40

/** Beside its name a value keeps its lines, or is broken between words where the column is wide enough for that. */
function fitsBeside(value: string, room: number): boolean {
  const parts = value.split(room < COLUMN_MIN ? '\n' : /\s+/)
  return parts.every((part) => textWidth(part) <= room)
}

/** The lines of the fields. `width` is the terminal's; `Infinity` breaks nothing. */
export function renderFields(options: {
  readonly fields: readonly (readonly [string, string])[]
  readonly width: number
  readonly paintName?: (text: string) => string
}): string[] {
  const { fields, width, paintName = (text) => text } = options
  const names = Math.max(...fields.map(([name]) => name.length)) + GAP
  return fields.flatMap(([name, value]) => {
    if (!fitsBeside(value, width - names)) {
      return [paintName(name), ...wrapWords(value, width - GAP).map((line) => ' '.repeat(GAP) + line)]
    }
    const [first = '', ...rest] = wrapWords(value, width - names)
    return [paintName(name.padEnd(names)) + first, ...rest.map((line) => ' '.repeat(names) + line)]
  })
}
