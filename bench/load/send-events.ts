/** The two ways in which events are sent to a side: one in flight with a pause after it, and at a fixed rate whatever comes back. */
import { nowMs, sleep, until } from '../numbers/clock.ts'
import { prepareEvent } from './events.ts'
import type { Answer, HttpClient } from './http-client.ts'

export type FirstLines = readonly (readonly [number: number, at: number])[]

/** What events are sent to: the floor or the product. */
export interface Side {
  readonly name: 'floor' | 'serve'
  readonly client: HttpClient
  /** First lines since the last call. */
  collect(): Promise<FirstLines>
}

let lastNumber = 0

/** Sends one event that starts the measured flow, and returns its number and when it was written. */
async function sendOne({ client, name }: Side): Promise<{ n: number; sentAt: number }> {
  const n = ++lastNumber
  const { body } = prepareEvent('bench.first-line', { n })
  const answer: Answer = await client.send('POST', '/events', body)
  if (answer.status !== 204)
    throw new Error(`An event sent to ${name} was answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  return { n, sentAt: answer.sentAt }
}

/** Event → first line in milliseconds, for each event that was sent. Waits until all have come. */
async function latencies(side: Side, sent: ReadonlyMap<number, number>): Promise<number[]> {
  const found: number[] = []
  await until(`The first line of ${sent.size} runs (${side.name})`, async () => {
    for (const [n, at] of await side.collect()) {
      const sentAt = sent.get(n)
      if (sentAt !== undefined) found.push(at - sentAt)
    }
    return found.length >= sent.size ? true : undefined
  })
  return found
}

/** One event in flight; `gapMs` of silence after each answer. */
export async function oneInFlight(side: Side, count: number, gapMs: number): Promise<number[]> {
  const sent = new Map<number, number>()
  for (let index = 0; index < count; index += 1) {
    const { n, sentAt } = await sendOne(side)
    sent.set(n, sentAt)
    await sleep(gapMs)
  }
  return latencies(side, sent)
}

/** `perSecond` events each second, each at its time, whether the ones before are answered or not. */
export async function openLoop(side: Side, count: number, perSecond: number): Promise<number[]> {
  const sending: Promise<{ n: number; sentAt: number }>[] = []
  const start = nowMs()
  for (let index = 0; index < count; index += 1) {
    const wait = start + (index * 1000) / perSecond - nowMs()
    if (wait > 0) await sleep(wait)
    sending.push(sendOne(side))
  }
  const sent = await Promise.all(sending)
  return latencies(side, new Map(sent.map(({ n, sentAt }) => [n, sentAt])))
}
