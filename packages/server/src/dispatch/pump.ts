/** Starts waiting runs when a place becomes free, and delayed ones when they are due. */
import { MICROS_PER_MS, type Micros } from '@pilotflame/core'
import { tryLease, waitAfterwards } from '../engine/dispatch-run.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import { unitOfWork } from '../engine/work.ts'
import type { Session } from '../executors/session.ts'
import type { WaitingRun } from '../store/store.ts'

/** The timer holds no longer than this, so a clock that jumps is noticed. */
const LOOK_AGAIN_MS = 1_000

export interface Pump {
  /** Looks at the queues of this deployment, or of all. */
  look(deploymentId?: string): void
  stop(): void
}

export function createPump(core: EngineCore): Pump {
  const { registry, clock } = core
  let stopTimer: () => void = () => undefined
  let wakesAt = Number.POSITIVE_INFINITY
  let stopped = false

  const look = (deploymentId: string): void => {
    while (!stopped && registry.hasWaiting(deploymentId)) {
      // The place is taken here and not in the body: two looks in one turn would promise it twice, and runs lose their order.
      const place = registry.reserve(deploymentId)
      if (!place) return core.hosts.want(deploymentId)
      const run = registry.takeDue(deploymentId, clock.now())
      if (!run) {
        registry.giveBack(place)
        return
      }
      start(run, place)
    }
  }

  const start = (run: WaitingRun, place: Session): void => {
    lease(core, run, place).catch((error: unknown) => {
      core.log('error', `run ${run.id} could not be started and waits on: ${String(error)}`)
      registry.wait(run)
    })
  }

  /** One timer for all that wait: it rings at `at` at the latest. */
  const wakeBy = (at: Micros): void => {
    if (stopped || at >= wakesAt) return
    stopTimer()
    wakesAt = at
    stopTimer = clock.after(Math.min(LOOK_AGAIN_MS, Math.max(1, Math.ceil((at - clock.now()) / MICROS_PER_MS))), () => {
      wakesAt = Number.POSITIVE_INFINITY
      for (const { deploymentId } of [...registry.dueTimes()]) look(deploymentId)
      sleep()
    })
  }

  const sleep = (): void => {
    const now = clock.now()
    let firstAt = now + LOOK_AGAIN_MS * MICROS_PER_MS
    // What is due already waits for a place, and is told when there is one.
    for (const { dueAt } of registry.dueTimes()) if (dueAt > now) firstAt = Math.min(firstAt, dueAt)
    wakeBy(firstAt)
  }

  registry.onDueAt = (dueAt) => {
    // What is due is looked at by whoever made it wait; one that could not be started is to wait for the next look.
    if (dueAt > clock.now()) wakeBy(dueAt)
  }
  registry.onRoom = look
  sleep()
  return {
    look(deploymentId) {
      if (deploymentId !== undefined) look(deploymentId)
      else for (const waiting of [...registry.dueTimes()]) look(waiting.deploymentId)
    },
    stop() {
      stopped = true
      stopTimer()
    },
  }
}

/** The queue is a cache: the run is read again, and started only if it still waits. */
function lease(core: EngineCore, waiting: WaitingRun, place: Session): Promise<void> {
  return unitOfWork(
    core,
    async (work) => {
      work.reserved.push(place)
      const run = await work.findRun(waiting.id)
      if (run && run.epoch > 0) work.recorded.set(run.id, await work.tx.loadTaskResults(run.id))
      const leased = run ? tryLease(core, work, run, place) : null
      if (leased) return work.putRun(leased.run, leased.state)
      work.afterwards(() => core.registry.release(place))
      if (run?.state.type === 'SCHEDULED') waitAfterwards(core, work, run)
    },
    { journal: 'once' },
  )
}
