/** The path with 10 automations and with 10 000: the index has to make them equal. */

import { HttpClient } from '../load/http-client.ts'
import { type Product, startProduct } from '../load/product.ts'
import { oneInFlight } from '../load/send-events.ts'
import { type WarmUp, warmUp } from '../load/warm-up.ts'
import { figuresOf, single } from '../numbers/figures.ts'
import { row } from '../numbers/row.ts'
import { numberText } from '../report/numbers-as-text.ts'
import type { BenchContext, Group } from './context.ts'

const GAP_MS = 5
const PER_BLOCK = 100
/** Both have run this many events before they are compared. */
const WARM_UP: WarmUp = { events: 500, gapMs: 2 }
const WRITERS = 16
const FEW = 10
const MANY = 10_000
const MANY_QUICK = 1_000

/** A third wait for other events, a third for this event of another resource, a third for a prefix. */
function triggerOf(n: number): object {
  const kinds = [
    { expect: [`bench.other-${n}`] },
    { expect: ['bench.first-line'], match: { 'prefect.resource.id': `bench.other.${n}` } },
    { expect: [`bench.group-${n}.*`] },
  ]
  return { type: 'event', posture: 'Reactive', threshold: 1, within: 0, ...kinds[n % kinds.length] }
}

/** Does `work` for each of `items`, several at once. */
async function forEach<T>(
  product: Product,
  items: readonly T[],
  work: (client: HttpClient, item: T) => Promise<unknown>,
): Promise<void> {
  const client = new HttpClient(product.apiUrl, WRITERS)
  const rest = items[Symbol.iterator]()
  const write = async (): Promise<void> => {
    for (const item of rest) await work(client, item)
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
  client.close()
}

async function addAutomations(product: Product, count: number): Promise<string[]> {
  const action = { type: 'run-deployment', source: 'selected', deployment_id: product.deployment('many') }
  const numbers = Array.from({ length: count }, (_, n) => n)
  const ids: string[] = []
  await forEach(product, numbers, async (client, n) => {
    const input = { name: `bench-${n}`, trigger: triggerOf(n), actions: [action] }
    ids.push((await client.json<{ id: string }>('POST', '/automations/', input)).id)
  })
  return ids
}

/**
 * A product with exactly `count` automations, the executor's own among them. Each has had as many as `most` and has
 * deleted what is over: with another history, the one that has served more requests would be the warmer one.
 */
async function startWith(context: BenchContext, count: number, most: number): Promise<Product> {
  const product = await startProduct(context)
  const own = await product.server.ask<number>('automations')
  const ids = await addAutomations(product, most - own)
  await forEach(product, ids.slice(count - own), (client, id) => client.json('DELETE', `/automations/${id}`))
  const there = await product.server.ask<number>('automations')
  if (there !== count) throw new Error(`The server has ${there} automations in place of ${count}.`)
  await warmUp(product, WARM_UP)
  return product
}

export const automations: Group = {
  name: 'automations',
  async measure(context, _, report) {
    const blocks = context.quick ? 4 : 8
    const most = context.quick ? MANY_QUICK : MANY
    const mostText = numberText(most)
    // Two products in turns: measured one after the other, the later one would win by the warmth of the machine.
    const products = { few: await startWith(context, FEW, most), many: await startWith(context, most, most) }
    const samples = { few: [] as number[], many: [] as number[] }
    for (let block = 0; block < blocks; block += 1) {
      for (const side of block % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const))
        samples[side].push(...(await oneInFlight(products[side], PER_BLOCK, GAP_MS)))
    }
    const few = figuresOf(samples.few)
    const many = figuresOf(samples.many)
    report(row({ id: 'automations-few', title: 'event → first line, 10 automations', unit: 'ms', product: few }))
    report(row({ id: 'automations-many', title: `event → first line, ${mostText} automations`, unit: 'ms', product: many }))
    const growth = single(many.p50 / few.p50, few.n)
    report(row({ id: 'automations-growth', title: `${mostText} automations against 10`, unit: '×', product: growth }))
    for (const product of [products.few, products.many]) await product.stop()
  },
}
