/** The floor, started and ready to be sent events. */
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { nowMs } from '../numbers/clock.ts'
import { median, round } from '../numbers/figures.ts'
import { Child } from '../processes/child.ts'
import type { BenchContext } from '../rows/context.ts'
import { HttpClient } from './http-client.ts'
import type { Side } from './send-events.ts'

export interface Floor extends Side {
  /** What its disk's flush costs by itself. */
  readonly fdatasyncMs: number
  /** A few bytes to its process and back, one after the other. */
  readonly loopbackMs: number
  /** The same, once. */
  roundTrip(): Promise<number>
}

const SAMPLES = 300

/** What sends 64 bytes and waits for them. */
async function connectEcho(port: number, cleanUp: BenchContext['cleanUp']): Promise<() => Promise<number>> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await new Promise((resolve) => socket.once('connect', resolve))
  cleanUp.add(() => void socket.destroy())
  const bytes = Buffer.alloc(64, 'x')
  return async () => {
    const at = nowMs()
    const back = new Promise((resolve) => socket.once('data', resolve))
    socket.write(bytes)
    await back
    return nowMs() - at
  }
}

async function medianOf(measure: () => Promise<number>): Promise<number> {
  const took: number[] = []
  for (let index = 0; index < SAMPLES; index += 1) took.push(await measure())
  return round(median(took))
}

/** `fresh`: each event gets a primed child of its own, out of four. */
export async function startFloor({ folder, programs, cleanUp }: BenchContext, form: 'reuse' | 'fresh' = 'reuse'): Promise<Floor> {
  const home = join(folder, `floor-${form}`)
  mkdirSync(home)
  const child = await Child.start(programs['floor-server'], { args: [home, programs['floor-child'], form] })
  cleanUp.add(() => child.stop())
  const { port, echoPort } = child.facts as { port: number; echoPort: number }
  const client = new HttpClient(`http://127.0.0.1:${port}/api`)
  cleanUp.add(() => client.close())
  const roundTrip = await connectEcho(echoPort, cleanUp)
  return {
    name: 'floor',
    client,
    collect: () => child.ask('collect'),
    fdatasyncMs: round(median(await child.ask<number[]>('flushes', SAMPLES))),
    loopbackMs: await medianOf(roundTrip),
    roundTrip,
  }
}
