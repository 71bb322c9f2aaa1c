/** Where the server's own time goes on the path, one event in flight: its functions by the time spent in themselves. */
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Product } from '../load/product.ts'
import { oneInFlight } from '../load/send-events.ts'
import { type CpuProfile, hotFunctions } from '../report/hot-functions.ts'

const EVENTS = 1_500
const GAP_MS = 5
const SHOWN = 45

export async function profilePath({ server, ...product }: Product, say: (text: string) => void): Promise<void> {
  await server.ask('profileBegin')
  await oneInFlight(product, EVENTS, GAP_MS)
  const profile = await server.ask<CpuProfile>('profileEnd')
  const file = join(tmpdir(), 'pilotflame-server.cpuprofile')
  writeFileSync(file, JSON.stringify(profile))
  const functions = hotFunctions(profile)
  const total = functions.reduce((sum, { selfMs }) => sum + selfMs, 0)
  const perEvent = (ms: number): string => `${((ms * 1000) / EVENTS).toFixed(1).padStart(7)} µs`
  say(`The server's main thread, per event from its arrival to the end of its run (${EVENTS} events): ${perEvent(total).trim()}`)
  for (const { name, selfMs } of functions.slice(0, SHOWN)) {
    say(`${perEvent(selfMs)} ${((selfMs / total) * 100).toFixed(1).padStart(5)} %  ${name}`)
  }
  say(`Whole profile: ${file}`)
}
