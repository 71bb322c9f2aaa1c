/** Durable steps inside one run: each is on disk before the next begins. */

import type { Product } from '../load/product.ts'
import { nowMs } from '../numbers/clock.ts'
import { figuresOf, median, round, single } from '../numbers/figures.ts'
import { atMost, row } from '../numbers/row.ts'
import type { Group } from './context.ts'

const STEPS = 510
/** Windows of 10 steps around step 5 and step 500. */
const EARLY = [1, 11] as const
const LATE = [495, 505] as const

/** Runs the flow of `count` steps and waits for its end. Returns the caller's milliseconds. */
async function runSteps(product: Product, count: number): Promise<number> {
  const at = nowMs()
  const path = `/deployments/${product.deployment('steps')}/create_flow_run`
  const { id } = await product.client.json<{ id: string }>('POST', path, { parameters: { count } })
  const { state } = await product.client.json<{ state: { type: string; message: string | null } }>(
    'GET',
    `/flow_runs/${id}/result`,
  )
  if (state.type !== 'COMPLETED') throw new Error(`A run of ${count} steps ended as ${state.type}: ${state.message}`)
  return nowMs() - at
}

export const steps: Group = {
  name: 'steps',
  async measure({ quick }, { product }, report) {
    for (let index = 0; index < 3; index += 1) await runSteps(product, STEPS)
    await product.executor.ask('steps')
    const runs = quick ? 5 : 20
    for (let index = 0; index < runs; index += 1) await runSteps(product, STEPS)
    const took = await product.executor.ask<number[][]>('steps')
    const one = figuresOf(took.flat())
    report(
      row({
        id: 'step',
        title: 'durable step inside a run',
        unit: 'ms',
        product: one,
        targets: [atMost('p50 ≤ 0.5 ms', one.p50, 0.5)],
      }),
    )
    const perSecond = median(took.map((run) => (run.length * 1000) / run.reduce((sum, ms) => sum + ms, 0)))
    report(
      row({
        id: 'steps-per-second',
        title: 'durable steps inside one run',
        unit: 'per s',
        product: single(round(perSecond, 0), runs),
      }),
    )
    const early = median(took.flatMap((run) => run.slice(...EARLY)))
    const late = median(took.flatMap((run) => run.slice(...LATE)))
    const growth = round(late / early, 2)
    const note = `medians of ${runs} runs: ${round(early)} ms around step 5, ${round(late)} ms around step 500`
    const targets = [atMost('≤ 1.2 ×', growth, 1.2)]
    report(row({ id: 'step-growth', title: 'step 500 against step 5', unit: '×', product: single(growth, runs), targets, note }))
  },
}

export const tasks: Group = {
  name: 'tasks',
  async measure({ quick }, { product }, report) {
    for (let index = 0; index < 5; index += 1) await runSteps(product, 40)
    const took: number[] = []
    for (let index = 0; index < (quick ? 20 : 100); index += 1) took.push(await runSteps(product, 40))
    await product.executor.ask('steps')
    const title = '40 light tasks in a row, from asking to the result'
    report(row({ id: 'tasks-40', title, unit: 'ms', product: figuresOf(took) }))
  },
}
