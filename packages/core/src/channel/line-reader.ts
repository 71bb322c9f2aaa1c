/** Cuts a stream of text into lines, without copying what came before more than once. Empty lines are passed over. */
export class LineReader {
  #parts: string[] = []
  readonly #onLine: (line: string) => void

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(text: string): void {
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = text.slice(start, end)
      start = end + 1
      this.#parts.push(line)
      const whole = this.#parts.length === 1 ? line : this.#parts.join('')
      this.#parts = []
      if (whole !== '') this.#onLine(whole)
    }
    if (start < text.length) this.#parts.push(start === 0 ? text : text.slice(start))
  }
}
