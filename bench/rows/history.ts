/** A server with 100 000 runs behind it: its memory, and the path while another client lists them all in a loop. */

import { prepareBatch } from '../load/events.ts'
import { type Product, startProduct } from '../load/product.ts'
import { requestBytes } from '../load/raw-connection.ts'
import { oneInFlight } from '../load/send-events.ts'
import { sendAll } from '../load/throughput.ts'
import { warmUp } from '../load/warm-up.ts'
import { sleep } from '../numbers/clock.ts'
import { figuresOf, single } from '../numbers/figures.ts'
import { row } from '../numbers/row.ts'
import { Child } from '../processes/child.ts'
import type { Group } from './context.ts'

const BATCH = 200
const SETTLE_MS = 3_000
const GAP_MS = 20

/** Makes runs by events, some thousands at a time, and waits until they have run. */
async function makeRuns(product: Product, count: number): Promise<void> {
  const atOnce = 5_000
  for (let made = 0; made < count; made += atOnce) {
    const requests = Array.from({ length: atOnce / BATCH }, () =>
      requestBytes(product.apiUrl, 'POST', '/events', prepareBatch('bench.many', BATCH)),
    )
    await sendAll({ apiUrl: product.apiUrl, connections: 4, requests })
    await product.counted(atOnce)
  }
  await sleep(SETTLE_MS)
}

export const history: Group = {
  name: 'history',
  async measure(context, { floor }, report) {
    const count = context.quick ? 10_000 : 100_000
    const runs = count.toLocaleString('en').replaceAll(',', ' ')
    const product = await startProduct(context)
    await makeRuns(product, count)
    report(
      row({
        id: 'memory-after',
        title: `memory of the server after ${runs} runs`,
        unit: 'MB',
        product: single(await product.memoryMb()),
      }),
    )

    const lister = await Child.start(context.programs['run-lister'], { args: [product.apiUrl, String(count)] })
    context.cleanUp.add(() => lister.stop())
    const events = context.quick ? 100 : 600
    await warmUp(product, { events: 100, gapMs: 5 })
    const quiet = figuresOf(await oneInFlight(floor, events, GAP_MS))
    await lister.ask('begin')
    const figures = figuresOf(await oneInFlight(product, events, GAP_MS))
    const pages = await lister.ask<number>('end')
    await lister.stop()
    const note = `200 runs a page, ${pages} pages meanwhile; the floor has the machine to itself`
    const title = `event → first line, while another client lists ${runs} runs`
    report(
      row({
        id: 'path-while-listing',
        title,
        unit: 'ms',
        product: figures,
        floor: quiet,
        note,
      }),
    )
    await product.stop()
  },
}
