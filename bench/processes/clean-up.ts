/** What was started or made is undone, the last one first: at the end, after an error, and on Ctrl-C. */

type Undo = () => Promise<void> | void

export class CleanUp {
  readonly #undos: Undo[] = []
  readonly #tell: (text: string) => void
  #running: Promise<void> | undefined

  constructor(tell: (text: string) => void = console.error) {
    this.#tell = tell
  }

  add(undo: Undo): void {
    this.#undos.push(undo)
  }

  /** Runs every undo once, whatever the others do. Called twice, it settles with the first. */
  run(): Promise<void> {
    this.#running ??= this.#undoAll()
    return this.#running
  }

  async #undoAll(): Promise<void> {
    for (const undo of this.#undos.toReversed()) {
      try {
        await undo()
      } catch (error) {
        this.#tell(`Cleaning up: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }

  /** Cleans up when a signal comes, and leaves with the shell's exit code for it. */
  onSignals(): void {
    const leave = (code: number) => () => void this.run().finally(() => process.exit(code))
    process.once('SIGINT', leave(130))
    process.once('SIGTERM', leave(143))
  }
}
