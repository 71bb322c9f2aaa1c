/** How many events a second are taken, each one on disk before its answer. */

import { prepareEvent } from '../load/events.ts'
import type { Product } from '../load/product.ts'
import { requestBytes } from '../load/raw-connection.ts'
import { sendAll } from '../load/throughput.ts'
import { median, round, single } from '../numbers/figures.ts'
import { atLeast, row } from '../numbers/row.ts'
import type { Group } from './context.ts'

interface Shape {
  readonly product: Product
  readonly event: string
  readonly connections: number
  /** Requests of one round. */
  readonly requests: number
  /** Events of one request; 1 = no list. */
  readonly batch: number
  readonly rounds: number
}

interface Prepared {
  readonly requests: readonly Buffer[]
  readonly ids: readonly string[]
}

function prepare({ product, event, batch, requests }: Shape): Prepared {
  const ids: string[] = []
  const one = (n: number): string => {
    const { id, body } = prepareEvent(event, { n })
    ids.push(id)
    return body
  }
  const list = (): string => `[${Array.from({ length: batch }, (_, n) => one(n)).join(',')}]`
  const bodies = Array.from({ length: requests }, (_, n) => (batch === 1 ? one(n) : list()))
  return { requests: bodies.map((body) => requestBytes(product.apiUrl, 'POST', '/events', body)), ids }
}

/** A rate counts only when every event that was acknowledged is there. */
async function checkStored({ server }: Product, ids: readonly string[]): Promise<void> {
  const stored = await server.ask<number>('stored', ids)
  if (stored !== ids.length) throw new Error(`${ids.length} events were acknowledged, and ${stored} of them are in the store.`)
}

/** Events a second: the median of the rounds, after one that does not count. */
async function eventsPerSecond(shape: Shape): Promise<number> {
  const { product, connections, rounds } = shape
  const rates: number[] = []
  for (let turn = 0; turn <= rounds; turn += 1) {
    const { requests, ids } = prepare(shape)
    const ms = await sendAll({ apiUrl: product.apiUrl, connections, requests })
    if (turn > 0) rates.push((ids.length * 1000) / ms)
    // What it has started ends before the next round begins.
    if (shape.event === 'bench.many') await product.counted(ids.length)
    await checkStored(product, ids)
  }
  return round(median(rates), 0)
}

const NOTHING = 'bench.nobody-waits-for-this'

export const throughput: Group = {
  name: 'throughput',
  async measure({ quick }, { product }, report) {
    const rounds = quick ? 2 : 5
    const singly = { product, event: NOTHING, connections: 32, requests: quick ? 5_000 : 20_000, batch: 1, rounds }
    const title = 'events accepted singly, 32 connections'
    report(row({ id: 'events-singly', title, unit: 'per s', product: single(await eventsPerSecond(singly), rounds) }))

    const lists = { product, event: NOTHING, connections: 4, requests: quick ? 50 : 200, batch: 500, rounds }
    const inLists = await eventsPerSecond(lists)
    const targets = [atLeast('≥ 20 000 per s', inLists, 20_000)]
    const listTitle = 'events accepted in lists of 500 that match nothing'
    report(row({ id: 'events-in-batches', title: listTitle, unit: 'per s', product: single(inLists, rounds), targets }))

    const starting = { product, event: 'bench.many', connections: 4, requests: quick ? 20 : 50, batch: 100, rounds }
    const startTitle = 'events accepted in lists of 100 that each start a run'
    report(
      row({
        id: 'events-that-start',
        title: startTitle,
        unit: 'per s',
        product: single(await eventsPerSecond(starting), rounds),
      }),
    )
  },
}
