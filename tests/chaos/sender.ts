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

/** The status of the answer; undefined where none came, so that nobody knows whether it was taken. */
async function post(url: string, body: object): Promise<number | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
    await response.arrayBuffer()
    if (response.status >= 400 && response.status < 500) throw new Error(`POST ${url} answered ${response.status}`)
    return response.status
  } catch (error) {
    // Nothing listens, the line broke, or no answer came in time.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) return undefined
    throw error
  }
}

const isTaken = (status: number | undefined): boolean => status !== undefined && status < 300

/** True when the server has acknowledged it. */
const send = async (apiUrl: string, { id, event, payload }: ChaosEvent): Promise<boolean> =>
  isTaken(
    await post(`${apiUrl}/events`, {
      id,
      event,
      payload,
      occurred: new Date().toISOString(),
      resource: { 'prefect.resource.id': `chaos.${id}` },
    }),
  )

/** True when the server has said what becomes of it. */
const cancel = async (apiUrl: string, runId: string): Promise<boolean> =>
  isTaken(await post(`${apiUrl}/flow_runs/${runId}/set_state`, { state: { type: 'CANCELLING' } }))

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
