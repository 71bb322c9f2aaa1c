/** Event → first line of the user's function, floor and product in turns, so that a drift of the machine hits both. */

import { oneInFlight, openLoop, type Side } from '../load/send-events.ts'
import { type Figures, figuresOf } from '../numbers/figures.ts'
import { atMost, pathTargets, type Row, row } from '../numbers/row.ts'
import type { BenchContext, Group, Sides } from './context.ts'

interface Shape {
  readonly id: string
  readonly title: string
  readonly blocks: number
  readonly perBlock: number
  readonly send: (side: Side, count: number) => Promise<number[]>
}

const gap = (ms: number, blocks: number, perBlock: number): Shape => ({
  id: `path-gap-${ms}`,
  title: `event → first line, 1 in flight, ${ms} ms apart`,
  blocks,
  perBlock,
  send: (side, count) => oneInFlight(side, count, ms),
})

const rate = (perSecond: number, blocks: number, perBlock: number): Shape => ({
  id: `path-rate-${perSecond}`,
  title: `event → first line, ${perSecond} events/s`,
  blocks,
  perBlock,
  send: (side, count) => openLoop(side, count, perSecond),
})

const shapes = (quick: boolean): readonly Shape[] =>
  quick
    ? [gap(5, 2, 100), gap(20, 2, 50), gap(200, 1, 12), rate(50, 2, 50)]
    : [gap(5, 6, 200), gap(20, 6, 100), gap(200, 6, 100), rate(50, 6, 100)]

async function measureShape(
  { blocks, perBlock, send }: Shape,
  { floor, product }: Sides,
): Promise<{ floor: Figures; product: Figures }> {
  const samples = { floor: [] as number[], product: [] as number[] }
  for (let block = 0; block < blocks; block += 1) {
    samples.floor.push(...(await send(floor, perBlock)))
    samples.product.push(...(await send(product, perBlock)))
  }
  return { floor: figuresOf(samples.floor), product: figuresOf(samples.product) }
}

/** At 50 events a second there are 20 ms between two: what that costs is held against the row with that gap. */
function targetsOf(shape: Shape, product: Figures, floor: Figures, sequential: Figures | undefined): Row['targets'] {
  if (!shape.id.startsWith('path-rate') || !sequential) return pathTargets(product, floor)
  return [...pathTargets(product, floor), atMost('p50 ≤ 1.3 × 1 in flight at 20 ms', product.p50 / sequential.p50, 1.3)]
}

export const path: Group = {
  name: 'path',
  async measure({ quick }: BenchContext, sides, report) {
    let sequential: Figures | undefined
    for (const shape of shapes(quick)) {
      const { floor, product } = await measureShape(shape, sides)
      if (shape.id === 'path-gap-20') sequential = product
      report(
        row({
          id: shape.id,
          title: shape.title,
          unit: 'ms',
          floor,
          product,
          targets: targetsOf(shape, product, floor, sequential),
        }),
      )
    }
  },
}
