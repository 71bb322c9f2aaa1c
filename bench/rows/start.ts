/** A server's start, and its memory while nothing happens. */

import { startIdle } from '../load/product.ts'
import { sleep } from '../numbers/clock.ts'
import { figuresOf, median, single } from '../numbers/figures.ts'
import { atMost, row } from '../numbers/row.ts'
import type { Group } from './context.ts'

// 2 s: what the start has left behind is collected or not by then.
const SETTLE_MS = 2_000

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
  },
}
