/**
 * The timeline against other clocks, and against delays put in on purpose: how far each mark is from what the client
 * and the user's function saw, and whether a delay shows in its own part and in no other.
 */
import { prepareEvent } from '../load/events.ts'
import type { Product } from '../load/product.ts'
import { sleep } from '../numbers/clock.ts'
import { figuresOf, median, round } from '../numbers/figures.ts'
import { atMost, type Row, row } from '../numbers/row.ts'
import type { Group, Sides } from './context.ts'
import { partsOf, runOf } from './parts.ts'

const GAP_MS = 20
const FLUSH_MS = 40
const WAIT_MS = 60
const IMPORT_MS = 80

interface Sent {
  readonly eventId: string
  readonly sentAt: number
}

async function send({ client }: Product, name: string, payload: Readonly<Record<string, unknown>>): Promise<Sent> {
  const { id, body } = prepareEvent(name, payload)
  const { sentAt } = await client.send('POST', '/events', body)
  return { eventId: id, sentAt }
}

/** What each part of a run took, by its mark. */
type Parts = ReadonlyMap<string, number>

async function tookOf(product: Product, { eventId }: Sent): Promise<Parts> {
  return new Map((await partsOf(product, eventId)).map(({ mark, took_ms }) => [mark, took_ms]))
}

/** One kind of delay: sends an event and gives the parts of its run. */
interface Delay {
  readonly id: string
  readonly title: string
  readonly mark: string
  readonly ms: number
  /** The event that is delayed by `ms` this time, or not at all with 0. */
  once(product: Product, ms: number, index: number): Promise<Sent>
}

const slowFlush: Delay = {
  id: 'timeline-flush',
  title: `timeline: ${FLUSH_MS} ms more in a flush, shown elsewhere`,
  mark: 'committed',
  ms: FLUSH_MS,
  async once(product, ms) {
    await product.server.ask('delayFlush', ms)
    const sent = await send(product, 'bench.chunk', {})
    await product.server.ask('delayFlush', 0)
    return sent
  },
}

let lastStay = 1_000_000

const slowPlace: Delay = {
  id: 'timeline-wait',
  title: `timeline: ${WAIT_MS} ms of waiting for an executor, shown elsewhere`,
  mark: 'dispatched',
  ms: WAIT_MS,
  async once(product, ms) {
    if (ms > 0) {
      // The place is taken for so long that the second event, which is sent a little later, waits for `ms`.
      await send(product, 'bench.stay', { n: ++lastStay, ms: ms + GAP_MS })
      await sleep(GAP_MS)
    }
    return send(product, 'bench.stay', { n: ++lastStay, ms: 0 })
  },
}

const slowImport: Delay = {
  id: 'timeline-import',
  title: `timeline: ${IMPORT_MS} ms of import, shown elsewhere`,
  mark: 'code_ready',
  ms: IMPORT_MS,
  // Its code is loaded once: the first event waits for it, and later ones do not.
  once: (product, _ms, index) => send(product, `bench.import-${index}`, {}),
}

/** The largest distance, over all parts, between what a delayed run shows and what it should: the delay in one part, nothing in others. */
function farthest(parts: Parts, usual: ReadonlyMap<string, number>, { mark, ms }: Delay): number {
  const distances = [...usual].map(([name, took]) => Math.abs((parts.get(name) ?? 0) - took - (name === mark ? ms : 0)))
  return Math.max(...distances)
}

async function measureDelay(product: Product, delay: Delay, count: number): Promise<Row> {
  const delayed: Parts[] = []
  const plain: Parts[] = []
  for (let index = 0; index < count; index += 1) {
    const slow = await delay.once(product, delay.ms, index)
    await sleep(delay.ms + WAIT_MS)
    const fast = await delay.once(product, 0, index)
    await sleep(GAP_MS)
    delayed.push(await tookOf(product, slow))
    plain.push(await tookOf(product, fast))
  }
  const names = [...(plain[0]?.keys() ?? [])]
  const usual = new Map(names.map((name) => [name, median(plain.map((parts) => parts.get(name) ?? 0))]))
  const figures = figuresOf(delayed.map((parts) => farthest(parts, usual, delay)))
  return row({
    id: delay.id,
    title: delay.title,
    unit: 'ms',
    product: figures,
    note: `how much of it is not in ${delay.mark}, or is in another part; the larger of both`,
    targets: [atMost('p50 ≤ 2 ms', figures.p50, 2)],
  })
}

type ReadAt = Readonly<Partial<Record<string, number>>>

/** The client's clock at the send against `received`, and the function's own clock against `first_line`. */
async function measureClocks({ product, floor }: Sides, count: number): Promise<readonly Row[]> {
  const received: number[] = []
  const first: number[] = []
  const roundTrips: number[] = []
  await product.collect()
  for (let index = 0; index < count; index += 1) {
    const n = ++lastStay
    const { eventId, sentAt } = await send(product, 'bench.stay', { n, ms: 0 })
    await sleep(GAP_MS)
    roundTrips.push(await floor.roundTrip()) // of a process that has slept as long
    await sleep(GAP_MS)
    const [seen] = (await product.collect()).filter(([number]) => number === n)
    const marks = await product.server.ask<ReadAt>('marks', await runOf(product, eventId))
    if (!seen || marks.received === undefined || marks.first_line === undefined)
      throw new Error(`The run of event ${eventId} has not said when it began.`)
    received.push(marks.received / 1000 - sentAt)
    first.push(seen[1] - marks.first_line / 1000)
  }
  const way = figuresOf(received)
  const statement = figuresOf(first)
  const wayMs = median(roundTrips) / 2
  return [
    row({
      id: 'clock-received',
      title: "timeline: from the client's send to received",
      unit: 'ms',
      product: way,
      note: `the way there is in it: half a round trip after the same pause is ${round(wayMs)} ms`,
      targets: [atMost('p50 ≤ 0.1 ms beyond the way', way.p50 - wayMs, 0.1)],
    }),
    row({
      id: 'clock-first-line',
      title: "timeline: from first_line to the function's first statement",
      unit: 'ms',
      product: statement,
      targets: [atMost('p50 ≤ 0.1 ms', statement.p50, 0.1)],
    }),
  ]
}

export const timeline: Group = {
  name: 'timeline',
  async measure({ quick }, sides, report) {
    for (const clock of await measureClocks(sides, quick ? 30 : 200)) report(clock)
    await sides.product.executor.ask('serveSlowImports')
    for (const delay of [slowFlush, slowPlace, slowImport]) report(await measureDelay(sides.product, delay, quick ? 5 : 20))
  },
}
