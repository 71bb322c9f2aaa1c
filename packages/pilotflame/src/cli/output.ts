/** Where a command writes: text for people or JSON for programs on stdout, and notes beside it on stderr. */
import picocolors from 'picocolors'
import { renderFields } from './fields.ts'
import { type Column, renderTable } from './table.ts'
import { wrapWords } from './text-width.ts'

export type Colors = ReturnType<typeof picocolors.createColors>

export interface OutputOptions {
  readonly json: boolean
  readonly stdout?: NodeJS.WriteStream
  readonly stderr?: NodeJS.WriteStream
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** No colour without a terminal, with NO_COLOR, or on one that knows none. */
export const wantsColor = (isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean =>
  isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'

export class Output {
  readonly json: boolean
  readonly isTerminal: boolean
  readonly colors: Colors
  #stdout: Pick<NodeJS.WriteStream, 'write' | 'columns'>
  readonly #stderr: NodeJS.WriteStream
  readonly #env: Readonly<Record<string, string | undefined>>
  #atLineStart = true

  constructor({ json, stdout = process.stdout, stderr = process.stderr, env = process.env }: OutputOptions) {
    this.json = json
    this.#stdout = stdout
    this.#stderr = stderr
    this.#env = env
    this.isTerminal = stdout.isTTY === true
    this.colors = picocolors.createColors(wantsColor(this.isTerminal, env))
  }

  /** Columns of the terminal; `Infinity` where there is none, so that nothing is cut on its way to a program. */
  get width(): number {
    if (this.isTerminal) return this.#stdout.columns || 80
    const columns = Number(this.#env.COLUMNS)
    return columns > 0 ? columns : Number.POSITIVE_INFINITY
  }

  /** A line for people; nothing with `--json`. */
  line(text = ''): void {
    if (this.json) return
    this.endLine()
    this.#stdout.write(`${text}\n`)
  }

  /** A line for people that is broken between words where the terminal is narrow. */
  sentence(text: string, paint = (line: string) => line): void {
    for (const line of wrapWords(text, this.width)) this.line(paint(line))
  }

  /** A piece of text as it comes; nothing with `--json`. */
  piece(text: string): void {
    if (this.json || text === '') return
    this.#stdout.write(text)
    this.#atLineStart = text.endsWith('\n')
  }

  /** Ends the line that pieces have begun. */
  endLine(): void {
    if (!this.#atLineStart && !this.json) this.#stdout.write('\n')
    this.#atLineStart = true
  }

  /** With `--json`: the one document. */
  document(value: unknown): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** With `--json`: one item of many, as a line. */
  item(value: unknown): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(value)}\n`)
  }

  /**
   * With `--json`: keeps stdout to itself. What others in this process print, such as the flows of a file, is no JSON,
   * and goes to stderr from here on.
   */
  claimStdout(): void {
    if (!this.json) return
    const { stdout, stderr } = process
    this.#stdout = { write: stdout.write.bind(stdout), columns: stdout.columns }
    stdout.write = stderr.write.bind(stderr)
  }

  /** Something to know beside the output; on stderr. */
  note(text: string): void {
    this.endLine()
    this.#stderr.write(`${text}\n`)
  }

  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    const lines = renderTable({ columns, rows, width: this.width, paintTitle: this.colors.dim })
    for (const line of lines) this.line(line)
  }

  /** Names and values below each other; what is `null` is left out. */
  fields(fields: readonly (readonly [string, string | null])[]): void {
    const shown = fields.filter((field): field is readonly [string, string] => field[1] !== null)
    const lines = renderFields({ fields: shown, width: this.width, paintName: this.colors.dim })
    for (const line of lines) this.line(line)
  }
}
