/**
 * Ends sessions: their runs are cancelled, handed back, crash, or are tried again by their policy.
 *
 * The row of a session that held nothing is deleted with those of others, a moment later: a process per run must not
 * cost a transaction per end. A row that is left over does no harm; the next start finds that its process is gone.
 */
import { afterExecutorEnded, type FlowRun, handBack, type RunEnding } from '@pilotflame/core'
import { changeState } from '../engine/change-state.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import { unitOfWork, type Work } from '../engine/work.ts'
import { holdsNothing, type Session } from '../executors/session.ts'

/** Rows deleted in one transaction: a bounded bite off the path. */
const ROWS_MAX = 200

export interface SessionEnds {
  /** Settles when its runs have been seen to; at once when it held none. */
  end(session: Session, ending: RunEnding): Promise<void>
  /** Deletes the rows of sessions that have ended, and tries again what failed. */
  sweep(): Promise<void>
}

export function createSessionEnds(core: EngineCore): SessionEnds {
  const { registry, hosts } = core
  const ended = new Map<string, RunEnding>()

  const clear = async (ids: readonly string[]): Promise<void> => {
    await unitOfWork(core, async (work) => {
      for (const id of ids) {
        const ending = ended.get(id)
        if (ending) await endRuns(core, work, id, ending)
        work.tx.deleteSession(id)
      }
    })
    for (const id of ids) ended.delete(id)
  }

  return {
    async end(session, ending) {
      if (registry.sessions.get(session.id) !== session) return
      registry.remove(session)
      session.peer?.close()
      session.peer = null
      ended.set(session.id, ending)
      // Where its host has not seen it end, it may still be there.
      if (ending.kind === null) hosts.tell(session, { type: 'retire', session_id: session.id, reason: ending.reason })
      // A host may come back under the same id at any time: its row goes now, or the one that it writes then would go.
      if (!holdsNothing(session) || session.role === 'host') await clear([session.id])
    },

    async sweep() {
      while (ended.size > 0) await clear([...ended.keys()].slice(0, ROWS_MAX))
    },
  }
}

async function endRuns(core: EngineCore, work: Work, sessionId: string, ending: RunEnding): Promise<void> {
  for (const { id } of await work.tx.findRunsOfSession(sessionId)) {
    const run = await work.findRun(id)
    if (run?.sessionId === sessionId) await endRun(core, work, run, ending)
  }
}

async function endRun(core: EngineCore, work: Work, run: FlowRun, ending: RunEnding): Promise<void> {
  const { handedBack, ...proposal } = afterExecutorEnded(run, ending, core.clock.now())
  const current = handedBack ? handBack(run) : run
  if (current !== run) work.putRun(current)
  await changeState(core, work, current, { id: core.random.uuid(), ...proposal }, { force: false, byExecutor: true })
}

/** What nobody has seen, but follows from a closed channel, a dead process or a beat that stopped. */
export const endingOf = (session: Session, reason: string): RunEnding => ({
  reason,
  kind: null,
  stages: [],
  handBack: session.handBack,
  draining: session.draining,
})
