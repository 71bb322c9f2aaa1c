/** A server's start, its memory while nothing happens, and the first event that it gets. */

import { startIdle, startProduct } from '../load/product.ts'
import { oneInFlight } from '../load/send-events.ts'
import { sleep } from '../numbers/clock.ts'
import { figuresOf, median, single } from '../numbers/figures.ts'
import { atMost, row } from '../numbers/row.ts'
import type { BenchContext, Group } from './context.ts'

// 2 s: what the start has left behind is collected or not by then.
const SETTLE_MS = 2_000

/** Each of a server of its own, which has started a moment ago and has had none. */
async function firstEvents(context: BenchContext): Promise<number[]> {
  const took: number[] = []
  for (let index = 0; index < (context.quick ? 3 : 10); index += 1) {
    const product = await startProduct(context)
    await sleep(SETTLE_MS)
    took.push(...(await oneInFlight(product, 1, 0)))
    await product.stop()
  }
  return took
}

export const start: Group = {
  name: 'start',
  async measure(context, _, report) {
    const ready: number[] = []
    const memory: number[] = []
    const starts = context.quick ? 3 : 20
    for (let index = 0; index < starts; index += 1) {
      const { readyMs, memoryMb, stop } = await startIdle(context)
      ready.push(readyMs)
      if (index < (context.quick ? 1 : 3)) {
        await sleep(SETTLE_MS)
        memory.push(await memoryMb())
      }
      await stop()
    }
    const figures = figuresOf(ready)
    const readyTargets = [atMost('p50 ≤ 400 ms', figures.p50, 400)]
    report(row({ id: 'ready', title: 'server start → ready', unit: 'ms', product: figures, targets: readyTargets }))
    const idle = median(memory)
    const idleTargets = [atMost('≤ 120 MB', idle, 120)]
    report(
      row({
        id: 'memory-idle',
        title: 'memory of the server, idle',
        unit: 'MB',
        product: single(idle, memory.length),
        targets: idleTargets,
      }),
    )
    const first = figuresOf(await firstEvents(context))
    report(row({ id: 'first-event', title: 'event → first line, the first after a start', unit: 'ms', product: first }))
  },
}
