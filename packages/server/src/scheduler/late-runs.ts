/** Runs that nobody has started 15 s after they were due become Late, so that people see it. They still start when an executor comes. */
import { MICROS_PER_SECOND, STATE_NAMES } from '@pilotflame/core'
import { changeState } from '../engine/change-state.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import { unitOfWork } from '../engine/work.ts'
import type { Loop } from '../loop.ts'

/** Prefect's figure. */
export const LATE_AFTER_SECONDS = 15
const ROUND_MS = 1_000
/** Runs marked in one transaction: a bounded bite off the path. */
const RUNS_MAX = 100

export function lateRuns(core: EngineCore): Loop {
  const marked = new Set<string>()
  return {
    name: 'late runs',
    async tick() {
      const dueBefore = core.clock.now() - LATE_AFTER_SECONDS * MICROS_PER_SECOND
      const late: string[] = []
      const waiting = new Set<string>()
      for (const run of core.registry.waitingRuns()) {
        waiting.add(run.id)
        if (run.dueAt <= dueBefore && !marked.has(run.id) && late.length < RUNS_MAX) late.push(run.id)
      }
      for (const id of marked) if (!waiting.has(id)) marked.delete(id)
      if (late.length === 0) return ROUND_MS
      await markLate(core, late)
      for (const id of late) marked.add(id)
      return late.length === RUNS_MAX ? 0 : ROUND_MS
    },
  }
}

function markLate(core: EngineCore, ids: readonly string[]): Promise<void> {
  return unitOfWork(core, async (work) => {
    for (const id of ids) {
      const run = await work.findRun(id)
      if (run?.state.type !== 'SCHEDULED' || run.state.name === 'Late') continue
      // Names that Prefect's clients look for, such as Resuming, stay.
      if (run.epoch === 0 && run.state.name !== STATE_NAMES.SCHEDULED) continue
      const scheduledAt = run.state.scheduledAt ?? run.state.at
      const proposed = { id: core.random.uuid(), type: 'SCHEDULED', name: 'Late', scheduledAt } as const
      await changeState(core, work, run, proposed, { force: false, byExecutor: false })
    }
  })
}
