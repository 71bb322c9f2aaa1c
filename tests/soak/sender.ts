/** Sends events at a steady rate over a few connections, and measures how long each acknowledgement takes. */
import { Agent, request } from 'node:http'

export interface Sender {
  acknowledged(): number
  /** In milliseconds, since it was asked last. */
  latency(): { p50: number; p99: number }
  /** Settles when all are answered; says what went wrong. */
  stop(): Promise<string[]>
}

const TEXT = 'a few words that a run says again and in capitals'

export function startSender(apiUrl: string, rate: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const open = new Set<Promise<void>>()
  const errors = new Map<string, number>()
  let acknowledged = 0
  let sent = 0
  let latencies: number[] = []

  const send = (): Promise<void> =>
    new Promise((resolve) => {
      const id = crypto.randomUUID()
      const event = {
        id,
        event: 'soak.tick',
        occurred: new Date().toISOString(),
        payload: { text: TEXT },
        resource: { 'prefect.resource.id': `soak.${id}` },
      }
      const start = performance.now()
      const done = (error: string | null): void => {
        if (error === null) {
          acknowledged += 1
          latencies.push(performance.now() - start)
        } else errors.set(error, (errors.get(error) ?? 0) + 1)
        resolve()
      }
      const outgoing = request(
        `${apiUrl}/events`,
        { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
        (response) => {
          response.resume()
          response.once('end', () =>
            done(response.statusCode === 204 ? null : `an event was answered with ${response.statusCode}`),
          )
        },
      )
      outgoing.once('error', (error) => done(`an event was not sent: ${error.message}`))
      outgoing.end(JSON.stringify(event))
    })

  const start = performance.now()
  const timer = setInterval(() => {
    const due = ((performance.now() - start) / 1_000) * rate
    for (; sent < due; sent += 1) {
      const one = send().finally(() => open.delete(one))
      open.add(one)
    }
  }, 1_000 / rate)

  return {
    acknowledged: () => acknowledged,
    latency() {
      const sorted = latencies.toSorted((a, b) => a - b)
      latencies = []
      const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0
      return { p50: at(0.5), p99: at(0.99) }
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
      return [...errors].map(([sentence, times]) => `${sentence} (${times} times)`)
    },
  }
}
