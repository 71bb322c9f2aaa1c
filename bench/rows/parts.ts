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
interface TimelineOnWire {
  readonly attempts: readonly { readonly marks: readonly { readonly mark: string; readonly took_ms: number }[] }[]
}

async function send({ client }: Product): Promise<string> {
  const { id, body } = prepareEvent('bench.first-line', { n: 0 })
  await client.send('POST', '/events', body)
  await sleep(GAP_MS)
  return id
}

async function marksOf({ client }: Product, eventId: string): Promise<TimelineOnWire['attempts'][number]['marks']> {
  const [verdict] = await client.json<VerdictOnWire[]>('GET', `/events/${eventId}/verdicts`)
  const runId = verdict?.outcome.runs?.[0]?.flow_run_id
  const { attempts } = await client.json<TimelineOnWire>('GET', `/flow_runs/${runId}/timeline`)
  return attempts[0]?.marks ?? []
}

/** Sends first and asks later, so that the questions are not in what is measured. */
export async function sayParts(product: Product, say: (text: string) => void): Promise<void> {
  const events: string[] = []
  for (let index = 0; index < EVENTS; index += 1) events.push(await send(product))
  const parts = new Map<string, number[]>()
  for (const event of events) {
    for (const { mark, took_ms } of await marksOf(product, event)) {
      const took = parts.get(mark) ?? []
      took.push(took_ms)
      parts.set(mark, took)
    }
  }
  say(`\nParts of the path, ${EVENTS} events ${GAP_MS} ms apart, p50 / p95:`)
  for (const [mark, took] of parts)
    say(`  ${mark.padEnd(16)} ${median(took).toFixed(3)} / ${percentile(took, 0.95).toFixed(3)} ms`)
}
