/**
 * Runs in processes of their own: reused, fresh and cold, beside the floor in its `fresh` form (one primed child for
 * each event, out of four), and what such a process costs.
 */
import { prepareEvent } from '../load/events.ts'
import { type Floor, startFloor } from '../load/floor.ts'
import { type Hosted, type HostedOptions, startHosted } from '../load/hosted.ts'
import { oneInFlight, openLoop, type Side } from '../load/send-events.ts'
import { warmUp } from '../load/warm-up.ts'
import { nowMs, sleep, until } from '../numbers/clock.ts'
import { type Figures, figuresOf, median, round, single } from '../numbers/figures.ts'
import { atMost, type Row, ratioOf, row, type Target } from '../numbers/row.ts'
import { costOfEmptyNode, costOfProcess, type ProcessCost } from '../processes/process-cost.ts'
import type { BenchContext, Group, Sides } from './context.ts'

const WARM: HostedOptions['warm'] = { min: 4, max: 4 }
/** So many events at once before: what is measured is a floor and a server that have worked a while, like those of the other rows. */
const FRESH_BEFORE = 300
/** 5 events a second: a process that leaves is replaced before the next event comes. */
const FRESH_GAP_MS = 200
const FRESH_RATE = 5
const BURST = 200

type Report = (row: Row) => void

interface Compared {
  readonly floor: Figures
  readonly product: Figures
}

/** Floor and product in turns, so that a drift of the machine hits both. */
async function inTurns(
  { floor, hosted }: { floor: Side; hosted: Side },
  blocks: number,
  send: (side: Side) => Promise<number[]>,
): Promise<Compared> {
  const samples = { floor: [] as number[], product: [] as number[] }
  for (let block = 0; block < blocks; block += 1) {
    samples.floor.push(...(await send(floor)))
    samples.product.push(...(await send(hosted)))
  }
  return { floor: figuresOf(samples.floor), product: figuresOf(samples.product) }
}

const freshTargets = ({ floor, product }: Compared): readonly Target[] => {
  const ratio = ratioOf(product, floor)
  return [atMost('p50 ≤ 1.4 × floor', ratio.p50, 1.4), atMost('p99 ≤ 2 × floor', ratio.p99 ?? Number.POSITIVE_INFINITY, 2)]
}

async function measureReused({ quick }: BenchContext, floor: Floor, hosted: Hosted, report: Report): Promise<void> {
  await warmUp(hosted, { events: 300, gapMs: 2 })
  const blocks = quick ? 2 : 4
  const one = await inTurns({ floor, hosted }, blocks, (side) => oneInFlight(side, quick ? 40 : 100, 20))
  report(row({ id: 'process-reuse', title: 'process reused, 1 in flight, 20 ms apart', unit: 'ms', ...one }))
  const rate = await inTurns({ floor, hosted }, blocks, (side) => openLoop(side, quick ? 50 : 100, 50))
  report(row({ id: 'process-reuse-50', title: 'process reused, 50 events/s', unit: 'ms', ...rate }))
}

async function measureFresh({ quick }: BenchContext, floor: Floor, hosted: Hosted, report: Report): Promise<void> {
  await warmUp(hosted, { events: quick ? 50 : FRESH_BEFORE, gapMs: 0 })
  await oneInFlight(floor, quick ? 50 : FRESH_BEFORE, 0)
  for (const side of [hosted, floor]) await oneInFlight(side, 10, FRESH_GAP_MS)
  const blocks = quick ? 1 : 6
  const perBlock = quick ? 20 : 50
  const one = await inTurns({ floor, hosted }, blocks, (side) => oneInFlight(side, perBlock, FRESH_GAP_MS))
  const title = `process fresh, 1 in flight, ${FRESH_GAP_MS} ms apart`
  report(row({ id: 'process-fresh', title, unit: 'ms', ...one, targets: freshTargets(one) }))
  const rate = await inTurns({ floor, hosted }, blocks, (side) => openLoop(side, perBlock, FRESH_RATE))
  report(
    row({
      id: 'process-fresh-5',
      title: `process fresh, ${FRESH_RATE} events/s`,
      unit: 'ms',
      ...rate,
      targets: freshTargets(rate),
    }),
  )
  const calm = figuresOf(await oneInFlight(hosted, quick ? 5 : 25, 1_000))
  const added = round(rate.product.p50 - calm.p50)
  report(
    row({
      id: 'process-refill-adds',
      title: `what replacing a process adds to the next run at ${FRESH_RATE} events/s`,
      unit: 'ms',
      product: single(added, rate.product.n),
      targets: [atMost('≤ 0.3 ms', added, 0.3)],
      note: `p50 ${rate.product.p50} ms at ${FRESH_RATE} events/s, ${calm.p50} ms with a second between two`,
    }),
  )
}

/** All at once: how long each waits, and how many start in a second. */
async function measureBurst(hosted: Hosted, isolation: string, report: Report): Promise<void> {
  await hosted.collect()
  const sent = new Map<number, number>()
  const first = 2_000_000
  await Promise.all(
    Array.from({ length: BURST }, async (_, index) => {
      const { body } = prepareEvent('bench.first-line', { n: first + index })
      sent.set(first + index, (await hosted.client.send('POST', '/events', body)).sentAt)
    }),
  )
  const found: number[] = []
  let lastAt = 0
  await until(
    `The first line of ${BURST} runs (${isolation})`,
    async () => {
      for (const [n, at] of await hosted.collect()) {
        found.push(at - (sent.get(n) ?? 0))
        lastAt = Math.max(lastAt, at)
      }
      return found.length >= BURST ? true : undefined
    },
    { limitMs: 120_000 },
  )
  const seconds = (lastAt - Math.min(...sent.values())) / 1000
  const title = `process ${isolation}, ${BURST} events at once`
  report(row({ id: `process-${isolation}-burst`, title, unit: 'ms', product: figuresOf(found) }))
  const rateTitle =
    isolation === 'fresh' ? 'the highest rate that fresh processes hold' : 'runs a second in reused processes, 4 of them'
  report(row({ id: `process-${isolation}-rate`, title: rateTitle, unit: 'per s', product: single(round(BURST / seconds, 1)) }))
}

const costText = ({ cpuMs, memoryMb }: ProcessCost): string => `${round(cpuMs, 0)} ms of CPU, ${round(memoryMb, 0)} MB`

async function measureCost(hosted: Hosted, report: Report): Promise<void> {
  await sleep(1_000)
  const pids = await hosted.readyPids()
  const costs = pids.map(costOfProcess)
  const empty = await costOfEmptyNode()
  const cpuMs = median(costs.map((cost) => cost.cpuMs))
  const memoryMb = median(costs.map((cost) => cost.memoryMb))
  const note = `an empty node on this machine: ${costText(empty)}`
  report(
    row({
      id: 'process-cpu',
      title: 'CPU that a new process takes until it is ready',
      unit: 'ms',
      product: single(cpuMs, pids.length),
      note,
    }),
  )
  report(
    row({
      id: 'process-memory',
      title: 'memory of a ready process (its share)',
      unit: 'MB',
      product: single(memoryMb, pids.length),
      note,
    }),
  )
}

/** A ready process is killed; another one takes its place. */
async function measureReplacement(hosted: Hosted, rounds: number, report: Report): Promise<void> {
  const took: number[] = []
  for (let index = 0; index < rounds; index += 1) {
    await hosted.untilReady(WARM.min)
    const before = await hosted.readyPids()
    const [victim] = before
    if (victim === undefined) continue
    const at = nowMs()
    process.kill(victim, 'SIGKILL')
    await until(
      'Another process',
      async () => ((await hosted.readyPids()).some((pid) => !before.includes(pid)) ? true : undefined),
      { pauseMs: 2 },
    )
    took.push(nowMs() - at)
    await sleep(300)
  }
  const figures = figuresOf(took)
  const title = 'a process is killed: another one is ready'
  report(
    row({ id: 'process-replaced', title, unit: 'ms', product: figures, targets: [atMost('p50 ≤ 500 ms', figures.p50, 500)] }),
  )
}

interface VerdictOnWire {
  readonly outcome: { readonly runs?: readonly { readonly flow_run_id: string }[] }
}

async function measureAbort(hosted: Hosted, rounds: number, report: Report): Promise<void> {
  const took: number[] = []
  for (let index = 0; index < rounds; index += 1) {
    const n = 3_000_000 + index
    const { id, body } = prepareEvent('bench.first-line', { n, hold: true })
    await hosted.client.send('POST', '/events', body)
    const line = (kind: string) =>
      until(`The ${kind} of a run`, async () => (await hosted.lines()).find((one) => one.n === n && one.kind === kind), {
        pauseMs: 5,
      })
    await line('first')
    const [verdict] = await hosted.client.json<VerdictOnWire[]>('GET', `/events/${id}/verdicts`)
    const run = verdict?.outcome.runs?.[0]?.flow_run_id
    const { sentAt } = await hosted.client.send(
      'POST',
      `/flow_runs/${run}/set_state`,
      JSON.stringify({ state: { type: 'CANCELLING' } }),
    )
    took.push((await line('abort')).at - sentAt)
    await sleep(FRESH_GAP_MS)
  }
  const figures = figuresOf(took)
  const title = 'from asking for a cancel to the abort in user code'
  report(row({ id: 'process-abort', title, unit: 'ms', product: figures, targets: [atMost('p50 ≤ 50 ms', figures.p50, 50)] }))
}

async function measureRecovery(hosted: Hosted, rounds: number, report: Report): Promise<void> {
  const took: number[] = []
  for (let index = 0; index < rounds; index += 1) {
    await hosted.collect()
    const at = nowMs()
    await hosted.killServer()
    const { body } = prepareEvent('bench.first-line', { n: 4_000_000 + index })
    await hosted.client.send('POST', '/events', body)
    const [, line] = await until('The next first line', async () => (await hosted.collect())[0], { pauseMs: 5 })
    took.push(line - at)
    await hosted.untilReady(WARM.min)
    await sleep(500)
  }
  const figures = figuresOf(took)
  const title = 'the server is killed and started: the next first line'
  report(
    row({ id: 'process-recovery', title, unit: 'ms', product: figures, targets: [atMost('p50 ≤ 1 000 ms', figures.p50, 1_000)] }),
  )
}

/**
 * Nobody is ready: the process is started when the event is here. A host learns from the first event that more may come,
 * so each sample is the first of a host of its own; what Node has compiled is kept between them.
 */
async function measureCold(context: BenchContext, report: Report): Promise<void> {
  const rounds = context.quick ? 4 : 16
  const took: number[] = []
  for (let index = 0; index < rounds; index += 1) {
    const hosted = await startHosted(context, { isolation: 'fresh', warm: { min: 0, max: 4, idleMs: 0 } })
    took.push(...(await oneInFlight(hosted, 1, 0)))
    await hosted.stop()
  }
  const figures = figuresOf(took.slice(1)) // the first one compiles
  const title = 'process cold: none is ready when the event comes'
  report(row({ id: 'process-cold', title, unit: 'ms', product: figures, targets: [atMost('p50 ≤ 150 ms', figures.p50, 150)] }))
}

export const processes: Group = {
  name: 'processes',
  async measure(context: BenchContext, sides: Sides, report: Report) {
    const reused = await startHosted(context, { isolation: 'reuse', warm: WARM })
    await measureReused(context, sides.floor, reused, report)
    await measureBurst(reused, 'reuse', report)
    await reused.stop()

    const floor = await startFloor(context, 'fresh')
    const fresh = await startHosted(context, { isolation: 'fresh', warm: WARM })
    await measureFresh(context, floor, fresh, report)
    await measureBurst(fresh, 'fresh', report)
    await fresh.untilReady(WARM.min)
    await measureCost(fresh, report)
    const rounds = context.quick ? 3 : 15
    await measureReplacement(fresh, rounds, report)
    await measureAbort(fresh, rounds, report)
    await measureRecovery(fresh, context.quick ? 2 : 8, report)
    await fresh.stop()
    await measureCold(context, report)
  },
}
