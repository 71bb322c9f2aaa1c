/** Runs that were paused and that nobody resumed in time fail, so that nobody waits for them for ever. */
import { MICROS_PER_MS, type Micros } from '@pilotflame/core'
import { changeState } from '../engine/change-state.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import { unitOfWork } from '../engine/work.ts'
import type { Loop } from '../loop.ts'

/** Prefect's figure; a pause that ends sooner wakes it. */
const ROUND_MS = 5_000
const PAGE = 200

interface PausedWire {
  readonly id: string
  readonly state: { readonly state_details: { readonly pause_timeout: string | null } }
}

export function expiredPauses(core: EngineCore): Loop {
  let remembered = false
  return {
    name: 'expired pauses',
    async tick() {
      if (!remembered) await remember(core)
      remembered = true
      const expired = core.pauses.takeExpired(core.clock.now())
      if (expired.length > 0) await fail(core, expired).catch((error: unknown) => lookAgain(core, expired, error))
      return pauseUntil(core.pauses.next(), core.clock.now())
    },
  }
}

function lookAgain({ pauses, clock }: EngineCore, ids: readonly string[], error: unknown): never {
  for (const id of ids) pauses.lookAt(id, clock.now() + ROUND_MS * MICROS_PER_MS)
  throw error
}

const pauseUntil = (next: Micros | undefined, now: Micros): number =>
  next === undefined ? ROUND_MS : Math.min(ROUND_MS, Math.max(1, Math.ceil((next - now) / MICROS_PER_MS) + 1))

/** What was paused before the server was started. */
async function remember({ store, pauses }: EngineCore): Promise<void> {
  for (let offset = 0; ; offset += PAGE) {
    const paused = { flow_runs: { state: { type: { any_: ['PAUSED' as const] } } } }
    const page = JSON.parse(await store.read.flowRuns(paused, 'ID_DESC', { limit: PAGE, offset })) as readonly PausedWire[]
    for (const { id, state } of page) {
      if (state.state_details.pause_timeout !== null) pauses.add(id, state.state_details.pause_timeout)
    }
    if (page.length < PAGE) return
  }
}

function fail(core: EngineCore, ids: readonly string[]): Promise<void> {
  return unitOfWork(core, async (work) => {
    for (const id of ids) {
      const run = await work.findRun(id)
      if (run?.state.type !== 'PAUSED') continue
      // Whatever is proposed now, the rule for what follows a pause says that it fails.
      const proposed = { id: core.random.uuid(), type: 'FAILED' } as const
      await changeState(core, work, run, proposed, { force: false, byExecutor: false })
    }
  })
}
