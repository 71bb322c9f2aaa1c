/** One monotonic clock for all processes of the bench: it is the machine's, so readings of two processes compare. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks `look` again every `pauseMs` until it gives something. Throws, naming `what`, when `limitMs` are over. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  { limitMs = 30_000, pauseMs = 20 }: { limitMs?: number; pauseMs?: number } = {},
): Promise<T> {
  const end = nowMs() + limitMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (nowMs() > end) throw new Error(`${what} did not come within ${limitMs / 1000} s.`)
    await sleep(pauseMs)
  }
}
