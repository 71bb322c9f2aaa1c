/** What becomes of a host's process when the user's code goes wrong. */

/**
 * The reader of stdout and stderr may be gone, with the host or because the user's code has closed them: what is written
 * then is lost, and the run goes on.
 */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? String(error)) : String(error))

/** The error in one line. */
export const lineOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error))

/** Writes the error to stderr, with its stack. */
export function sayFailure(what: string, error: unknown): void {
  process.stderr.write(`${what}${textOf(error)}\n`)
}

/** Ends the process with exit code 1 for what nobody catches, unless the user's code listens for it itself. */
export function endOnFailure(tell: (message: string) => Promise<void>): void {
  process.on('uncaughtException', (error, origin) => {
    if (process.listenerCount('uncaughtException') > 1) return
    const what = origin === 'unhandledRejection' ? 'Unhandled rejection: ' : 'Uncaught '
    sayFailure(what, error)
    void tell(`${what}${lineOf(error)}`).finally(() => process.exit(1))
  })
}
