/** A client that keeps what was acknowledged, and sends again what was not. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface ChaosEvent {
  readonly id: string
  readonly event: string
  readonly payload: { readonly tasks: number; readonly taskMs: number }
}

/** A stopped server takes the request and does not answer. */
const ANSWER_MS_MAX = 2_000
const AGAIN_MS = 30

/** Nothing listens, the line broke, or no answer came in time: whether it was taken is not known. */
const isOutage = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')

/** True when the server has acknowledged it. */
async function send(apiUrl: string, { id, event, payload }: ChaosEvent): Promise<boolean> {
  try {
    const response = await fetch(`${apiUrl}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        id,
        event,
        payload,
        occurred: new Date().toISOString(),
        resource: { 'prefect.resource.id': `chaos.${id}` },
      }),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
    await response.arrayBuffer()
    if (response.status === 204) return true
    if (response.status < 500) throw new Error(`POST /events answered ${response.status}`)
    return false
  } catch (error) {
    if (isOutage(error)) return false
    throw error
  }
}

/** True when the server has said what becomes of it. */
async function cancel(apiUrl: string, runId: string): Promise<boolean> {
  try {
    const response = await fetch(`${apiUrl}/flow_runs/${runId}/set_state`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ state: { type: 'CANCELLING' } }),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
    await response.arrayBuffer()
    if (response.status >= 400 && response.status < 500) throw new Error(`a cancel was answered ${response.status}`)
    return response.ok
  } catch (error) {
    if (isOutage(error)) return false
    throw error
  }
}

/** Asks until the server answers: a run that has ended meanwhile stays as it is. */
export async function cancelUntilAnswered(apiUrl: string, runId: string): Promise<void> {
  while (!(await cancel(apiUrl, runId))) await sleep(AGAIN_MS)
}

/** Settles when it is acknowledged; says how often it was sent. */
export async function sendUntilAcknowledged(apiUrl: string, event: ChaosEvent): Promise<number> {
  for (let times = 1; ; times += 1) {
    if (await send(apiUrl, event)) return times
    await sleep(AGAIN_MS)
  }
}
