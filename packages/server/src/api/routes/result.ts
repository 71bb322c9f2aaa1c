/** `GET /flow_runs/{id}/result`: held open until the run's end. */
import type { ServerResponse } from 'node:http'
import { AppError, stateToWire } from '@pilotflame/core'
import type { Exchange } from '../exchange.ts'
import { param } from '../exchange.ts'
import { type Reply, sendJson, TAKEN } from '../replies.ts'

/** After so long the head is sent and blanks follow, which JSON allows before it: clients give up on a silent server. */
const SIGN_OF_LIFE_MS = 15_000

export async function holdForResult(exchange: Exchange<'GET /flow_runs/{id}/result'>): Promise<Reply> {
  const { context, response } = exchange
  const { app } = context
  const left = new AbortController()
  response.on('close', () => left.abort(new AppError('shutting_down', 'The caller has left.')))
  const closing = new AppError('shutting_down', 'The server stops; ask again when it is back.', { retryAfterSeconds: 1 })
  context.closing.addEventListener('abort', () => left.abort(closing), { signal: left.signal })
  if (context.closing.aborted) throw closing
  const quiet = keepAlive(app.clock, response)
  try {
    const { run, result } = await app.engine.waitForEnd(param(exchange, 'id'), left.signal)
    if (response.destroyed) return TAKEN
    const json = JSON.stringify({ state: stateToWire(run.state, { flowRunId: run.id }), result: result ?? null })
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
