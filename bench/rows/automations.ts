/** The path with 10 automations and with 10 000: the index has to make them equal. */

import { HttpClient } from '../load/http-client.ts'
import { type Product, startProduct } from '../load/product.ts'
import { oneInFlight } from '../load/send-events.ts'
import { figuresOf, single } from '../numbers/figures.ts'
import { row } from '../numbers/row.ts'
import type { Group } from './context.ts'

const GAP_MS = 5
const WRITERS = 16

/** A third wait for other events, a third for this event of another resource, a third for a prefix. */
function triggerOf(n: number): object {
  const kinds = [
    { expect: [`bench.other-${n}`] },
    { expect: ['bench.first-line'], match: { 'prefect.resource.id': `bench.other.${n}` } },
    { expect: [`bench.group-${n}.*`] },
  ]
  return { type: 'event', posture: 'Reactive', threshold: 1, within: 0, ...kinds[n % kinds.length] }
}

async function addAutomations(product: Product, from: number, to: number): Promise<void> {
  const client = new HttpClient(product.apiUrl, WRITERS)
  const action = { type: 'run-deployment', source: 'selected', deployment_id: product.deployment('many') }
  let next = from
  const write = async (): Promise<void> => {
    for (let n = next++; n < to; n = next++) {
      await client.json('POST', '/automations/', { name: `bench-${n}`, trigger: triggerOf(n), actions: [action] })
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
  client.close()
}

export const automations: Group = {
  name: 'automations',
  async measure(context, _, report) {
    const product = await startProduct(context)
    const events = context.quick ? 200 : 600
    // Two are the executor's own, for other flows, and one starts the measured one.
    await addAutomations(product, 0, 7)
    await oneInFlight(product, 300, 2)
    const few = figuresOf(await oneInFlight(product, events, GAP_MS))
    await addAutomations(product, 7, 9_997)
    await oneInFlight(product, 100, 2)
    const many = figuresOf(await oneInFlight(product, events, GAP_MS))
    report(row({ id: 'automations-10', title: 'event → first line, 10 automations', unit: 'ms', product: few }))
    report(row({ id: 'automations-10000', title: 'event → first line, 10 000 automations', unit: 'ms', product: many }))
    const growth = single(many.p50 / few.p50, events)
    report(row({ id: 'automations-growth', title: '10 000 automations against 10', unit: '×', product: growth }))
    await product.stop()
  },
}
