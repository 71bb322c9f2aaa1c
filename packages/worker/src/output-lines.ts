/** Cuts what a process writes into lines, empty ones too. A line that is too long to be one comes in pieces. */
import { StringDecoder } from 'node:string_decoder'

const LINE_CHARACTERS_MAX = 64_000

export class OutputLines {
  readonly #decoder = new StringDecoder('utf8')
  readonly #onLine: (line: string) => void
  #rest = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(bytes: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(bytes)).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    while (this.#rest.length > LINE_CHARACTERS_MAX) {
      this.#onLine(this.#rest.slice(0, LINE_CHARACTERS_MAX))
      this.#rest = this.#rest.slice(LINE_CHARACTERS_MAX)
    }
  }

  /** Nothing more comes: what is left has no end of its own. */
  end(): void {
    const last = this.#rest + this.#decoder.end()
    this.#rest = ''
    if (last !== '') this.#onLine(last)
  }
}
