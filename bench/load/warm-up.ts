/** Before rows are measured: both sides have worked a while, and the server's practice is over. */
import { sleep } from '../numbers/clock.ts'
import { costOfProcess } from '../processes/process-cost.ts'
import { oneInFlight, type Side } from './send-events.ts'

const LOOK_MS = 500
/** Of a server that serves nobody. */
const QUIET_CPU_MS = 25
/** It begins to practise a second after its first run has ended, and does so once; see decisions/0011. */
const QUIET_LOOKS = 4
const LOOKS_MAX = 60

/** Settles when the server has done nothing for two seconds. */
async function untilQuiet(pid: number): Promise<void> {
  let quiet = 0
  let before = costOfProcess(pid).cpuMs
  for (let look = 0; quiet < QUIET_LOOKS; look += 1) {
    if (look === LOOKS_MAX)
      throw new Error(`The server (pid ${pid}) did not come to rest within ${(LOOKS_MAX * LOOK_MS) / 1000} s.`)
    await sleep(LOOK_MS)
    const { cpuMs } = costOfProcess(pid)
    quiet = cpuMs - before < QUIET_CPU_MS ? quiet + 1 : 0
    before = cpuMs
  }
}

export interface WarmUp {
  readonly events: number
  readonly gapMs: number
}

/** Sends so many events, and waits until the server has practised on what it has seen. */
export async function warmUp(product: Side & { readonly serverPid: number }, { events, gapMs }: WarmUp): Promise<void> {
  await oneInFlight(product, events, gapMs)
  await untilQuiet(product.serverPid)
}
