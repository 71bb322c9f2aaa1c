/** How help is laid out: in the columns there are. In few, what a word means stands below it. */
import { Help, type HelpConfiguration } from 'commander'
import { wrapParts, wrapWords } from './text-width.ts'

const WIDTH = 80
/** A column of sentences that is narrower is hard to read. */
const COLUMN_MIN = 30
const USAGE = 'Usage: '

/** The terminal's columns; where there is none, those that COLUMNS says, as with tables. */
export function helpWidth(): number {
  if (process.stdout.isTTY) return process.stdout.columns || WIDTH
  return Number(process.env.COLUMNS) || WIDTH
}

/** Commander gives a term and its description as one text, whose first `indent` characters are the term's. */
function layOut(text: string, width: number, indent: number): string {
  const term = text.slice(0, indent)
  const description = text.slice(indent)
  if (indent > 0 && width - indent < COLUMN_MIN) {
    return [...wrapWords(term.trimEnd(), width), ...wrapWords(`    ${description}`, width)].join('\n')
  }
  return term + wrapWords(description, width - indent).join(`\n${' '.repeat(indent)}`)
}

export const helpLayout = (): HelpConfiguration => ({
  showGlobalOptions: true,
  sortSubcommands: false,
  helpWidth: helpWidth(),
  wrap: layOut,
  commandUsage: (command) =>
    wrapWords(new Help().commandUsage(command), helpWidth() - USAGE.length).join(`\n${' '.repeat(USAGE.length)}`),
})

/** A command in the columns there are, so that it can still be pasted. */
function exampleLines(command: string, columns: number): string {
  const words = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []
  return wrapParts(words, ' ', columns - '  $ '.length - ' \\'.length, '  ').join(' \\\n    ')
}

/** What stands below the options. */
export const exampleText = (examples: readonly string[]): string =>
  `\nExamples:\n${examples.map((one) => `  $ ${exampleLines(one, helpWidth())}`).join('\n')}`
