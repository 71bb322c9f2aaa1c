/** What the person who asked waits for: the first streamed chunk, and the result. */

import { prepareEvent } from '../load/events.ts'
import type { Product } from '../load/product.ts'
import { nowMs, sleep } from '../numbers/clock.ts'
import { figuresOf } from '../numbers/figures.ts'
import { row } from '../numbers/row.ts'
import type { Group } from './context.ts'

const GAP_MS = 5
const WARM_UP = 50

interface VerdictOnWire {
  readonly outcome: { readonly runs?: readonly { readonly flow_run_id: string }[] }
}

/** Event → its verdicts → the run's stream → the first chunk. */
async function firstChunk({ client }: Product): Promise<number> {
  const { id, body } = prepareEvent('bench.chunk', {})
  const { sentAt } = await client.send('POST', '/events', body)
  const verdicts = await client.json<VerdictOnWire[]>('GET', `/events/${id}/verdicts`)
  const runId = verdicts[0]?.outcome.runs?.[0]?.flow_run_id
  if (runId === undefined) throw new Error(`The event ${id} started no run: ${JSON.stringify(verdicts)}`)
  return (await client.firstData(`/flow_runs/${runId}/stream`)) - sentAt
}

/** A run is asked for, and its result is waited for. */
async function callerHasResult(product: Product, n: number): Promise<number> {
  const at = nowMs()
  const path = `/deployments/${product.deployment('result')}/create_flow_run`
  const { id } = await product.client.json<{ id: string }>('POST', path, { parameters: { n } })
  const { result } = await product.client.json<{ result: { n: number } | undefined }>('GET', `/flow_runs/${id}/result`)
  if (result?.n !== n) throw new Error(`The run ${id} gave ${JSON.stringify(result)} in place of its result.`)
  return nowMs() - at
}

async function sample(count: number, once: (n: number) => Promise<number>): Promise<number[]> {
  const took: number[] = []
  for (let n = 0; n < count + WARM_UP; n += 1) {
    const ms = await once(n)
    if (n >= WARM_UP) took.push(ms)
    await sleep(GAP_MS)
  }
  return took
}

export const stream: Group = {
  name: 'stream',
  async measure({ quick }, { product }, report) {
    const took = await sample(quick ? 100 : 500, () => firstChunk(product))
    const title = 'event → first streamed chunk at the viewer'
    report(
      row({ id: 'first-chunk', title, unit: 'ms', product: figuresOf(took), note: 'event, then its verdicts, then the stream' }),
    )
  },
}

export const result: Group = {
  name: 'result',
  async measure({ quick }, { product }, report) {
    const took = await sample(quick ? 100 : 500, (n) => callerHasResult(product, n))
    report(row({ id: 'result', title: 'run asked for → caller has the result', unit: 'ms', product: figuresOf(took) }))
  },
}
