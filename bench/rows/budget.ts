/** Commits and flushes that one event costs, from its arrival to the end of its run. */

import { prepareEvent } from '../load/events.ts'
import type { Counts, Product } from '../load/product.ts'
import { requestBytes } from '../load/raw-connection.ts'
import { oneInFlight } from '../load/send-events.ts'
import { sendAll } from '../load/throughput.ts'
import { sleep } from '../numbers/clock.ts'
import { single } from '../numbers/figures.ts'
import { row } from '../numbers/row.ts'
import type { Group } from './context.ts'

// 300 ms: the last run's end is on disk by then.
const QUIET_MS = 300

async function spent(product: Product, work: () => Promise<unknown>): Promise<Counts> {
  await sleep(QUIET_MS)
  const before = await product.counts()
  await work()
  await sleep(QUIET_MS)
  const after = await product.counts()
  return { commits: after.commits - before.commits, flushes: after.flushes - before.flushes }
}

export const budget: Group = {
  name: 'budget',
  async measure({ quick }, { product }, report) {
    const tell = (id: string, title: string, events: number, { commits, flushes }: Counts): void => {
      report(
        row({ id: `commits-${id}`, title: `commits, ${title}`, unit: 'per event', product: single(commits / events, events) }),
      )
      report(
        row({ id: `flushes-${id}`, title: `flushes, ${title}`, unit: 'per event', product: single(flushes / events, events) }),
      )
    }
    const few = quick ? 100 : 300
    tell('alone', 'one event in flight, to the end of its run', few, await spent(product, () => oneInFlight(product, few, 20)))
    const many = quick ? 2_000 : 10_000
    const body = (n: number): string => prepareEvent('bench.many', { n }).body
    const requests = Array.from({ length: many }, (_, n) => requestBytes(product.apiUrl, 'POST', '/events', body(n)))
    const load = async (): Promise<void> => {
      await sendAll({ apiUrl: product.apiUrl, connections: 32, requests })
      await product.counted(many)
    }
    tell('loaded', 'each event starts a run, 32 connections', many, await spent(product, load))
  },
}
