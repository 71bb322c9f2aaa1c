/** Events as a sender writes them, in Prefect's JSON. */
import { randomUUID } from 'node:crypto'

export interface PreparedEvent {
  readonly id: string
  /** Finished JSON. */
  readonly body: string
}

export function prepareEvent(event: string, payload: Readonly<Record<string, unknown>>): PreparedEvent {
  const id = randomUUID()
  const resource = { 'prefect.resource.id': 'bench.client', 'prefect.resource.name': 'bench' }
  const body = JSON.stringify({ id, occurred: new Date().toISOString(), event, resource, related: [], payload })
  return { id, body }
}

/** A list of `count` events as one request's body. */
export const prepareBatch = (event: string, count: number): string =>
  `[${Array.from({ length: count }, (_, n) => prepareEvent(event, { n }).body).join(',')}]`
