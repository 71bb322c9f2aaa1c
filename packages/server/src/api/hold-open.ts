/**
 * Answers that are held open. Clients give up on a silent server after a minute, so that after a moment the head is
 * sent, and blanks follow, which JSON allows before it.
 */
import type { ServerResponse } from 'node:http'
import { AppError } from '@pilotflame/core'
import type { RouteKey } from '@pilotflame/core/contract'
import type { Exchange } from './exchange.ts'
import { type Reply, sendJson, TAKEN } from './replies.ts'

const SIGN_OF_LIFE_MS = 15_000

export const callerLeft = (): AppError => new AppError('shutting_down', 'The caller has left.')
export const serverStops = (): AppError =>
  new AppError('shutting_down', 'The server stops; ask again when it is back.', { retryAfterSeconds: 1 })

/** Answers with what `wait` settles with. Its signal is aborted when the caller leaves, or the server stops. */
export async function holdOpen(
  { context, response }: Pick<Exchange<RouteKey>, 'context' | 'response'>,
  wait: (signal: AbortSignal) => Promise<unknown>,
): Promise<Reply> {
  const left = new AbortController()
  response.on('close', () => left.abort(callerLeft()))
  if (context.closing.aborted) throw serverStops()
  context.closing.addEventListener('abort', () => left.abort(serverStops()), { signal: left.signal })
  const quiet = keepAlive(context.app.clock, response)
  try {
    const json = JSON.stringify(await wait(left.signal))
    if (response.destroyed) return TAKEN
    if (response.headersSent) response.end(json)
    else sendJson(response, 200, json)
    return TAKEN
  } catch (error) {
    if (response.destroyed) return TAKEN
    throw error
  } finally {
    quiet()
  }
}

function keepAlive(clock: { after(delayMs: number, callback: () => void): () => void }, response: ServerResponse): () => void {
  const beat = (): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' })
    response.write(' ')
    stop = clock.after(SIGN_OF_LIFE_MS, beat)
  }
  let stop = clock.after(SIGN_OF_LIFE_MS, beat)
  return () => stop()
}
