/** The path in parts, from the marks of the runs themselves: what each of them takes at the median. */
import { prepareEvent } from '../load/events.ts'
import type { Product } from '../load/product.ts'
import { sleep } from '../numbers/clock.ts'
import { median, percentile } from '../numbers/figures.ts'

const EVENTS = 300
const GAP_MS = 20

interface VerdictOnWire {
  readonly outcome: { readonly runs?: readonly { readonly flow_run_id: string }[] }
}
/** One part of a run's first attempt, as the API gives it. */
export interface Part {
  readonly mark: string
  readonly took_ms: number
}

interface TimelineOnWire {
  readonly attempts: readonly { readonly marks: readonly Part[] }[]
}

async function send({ client }: Product): Promise<string> {
  const { id, body } = prepareEvent('bench.first-line', { n: 0 })
  await client.send('POST', '/events', body)
  await sleep(GAP_MS)
  return id
}

/** The run that an event has started. */
export async function runOf({ client }: Product, eventId: string): Promise<string> {
  const [verdict] = await client.json<VerdictOnWire[]>('GET', `/events/${eventId}/verdicts`)
  const runId = verdict?.outcome.runs?.[0]?.flow_run_id
  if (runId === undefined) throw new Error(`The event ${eventId} has started no run.`)
  return runId
}

export async function partsOf(product: Product, eventId: string): Promise<readonly Part[]> {
  const path = `/flow_runs/${await runOf(product, eventId)}/timeline`
  const { attempts } = await product.client.json<TimelineOnWire>('GET', path)
  return attempts[0]?.marks ?? []
}

/** Sends first and asks later, so that the questions are not in what is measured. */
export async function sayParts(product: Product, say: (text: string) => void): Promise<void> {
  const events: string[] = []
  for (let index = 0; index < EVENTS; index += 1) events.push(await send(product))
  const parts = new Map<string, number[]>()
  for (const event of events) {
    for (const { mark, took_ms } of await partsOf(product, event)) {
      const took = parts.get(mark) ?? []
      took.push(took_ms)
      parts.set(mark, took)
    }
  }
  say(`\nParts of the path, ${EVENTS} events ${GAP_MS} ms apart, p50 / p95:`)
  for (const [mark, took] of parts)
    say(`  ${mark.padEnd(16)} ${median(took).toFixed(3)} / ${percentile(took, 0.95).toFixed(3)} ms`)
}
