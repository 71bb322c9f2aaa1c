/** Somebody who watches a run's stream, loses the line, and comes back with the last id that was seen. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface ViewerOptions {
  readonly apiUrl: string
  readonly runId: string
  /** Hangs up after so many blocks, by itself; then after as many again. Default: never. */
  readonly hangUpAfter?: number
  readonly signal: AbortSignal
}

const AGAIN_MS = 30

/** Whole blocks of server-sent events, without comments, until the line breaks. */
async function* blocksOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of response.body ?? []) {
    rest += decoder.decode(bytes, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) if (!block.startsWith(':')) yield block
  }
}

/** Everything it was told until the end, as it came. */
export async function watch({ apiUrl, runId, hangUpAfter = Number.POSITIVE_INFINITY, signal }: ViewerOptions): Promise<string> {
  const seen: string[] = []
  let last: string | undefined
  let ended = false
  while (!ended && !signal.aborted) {
    const line = new AbortController()
    try {
      const response = await fetch(`${apiUrl}/flow_runs/${runId}/stream`, {
        headers: last === undefined ? {} : { 'last-event-id': last },
        signal: AbortSignal.any([line.signal, signal]),
      })
      let blocks = 0
      for await (const block of blocksOf(response)) {
        seen.push(block)
        last = /^id: (\S+)$/m.exec(block)?.[1] ?? last
        ended = /^event: end$/m.test(block)
        blocks += 1
        if (ended || blocks >= hangUpAfter) break
      }
      line.abort()
    } catch {
      // The server is away, or the line broke.
    }
    if (!ended) await sleep(AGAIN_MS)
  }
  return ended ? seen.join('\n\n') : `${seen.join('\n\n')}\n(the end never came)`
}
