/**
 * After a reconnect: what the executor holds is compared with its leases. A run that never reached it is sent again,
 * one that is to be cancelled is told so once more, and one that it holds without a lease is stopped.
 */
import type { FlowRun, HelloFrame, RunEnding } from '@pilotflame/core'
import { afterExecutorEnded } from '@pilotflame/core'
import { changeState } from '../engine/change-state.ts'
import { runFrame } from '../engine/dispatch-run.ts'
import type { EngineCore } from '../engine/engine-core.ts'
import { unitOfWork } from '../engine/work.ts'
import type { Session } from '../executors/session.ts'
import type { RecordedResult } from '../store/store.ts'

interface Leased {
  readonly run: FlowRun
  readonly recorded: readonly RecordedResult[]
}

const NEVER_REACHED: RunEnding = {
  reason: 'it had not reached its executor',
  kind: 'exit',
  stages: [],
  handBack: false,
  draining: false,
}

/**
 * True where a host takes the process for busy with a run that was cancelled and never reached it: the process is to
 * get a new session, by which its host learns of it.
 */
export async function reconcile(core: EngineCore, session: Session, { holds }: HelloFrame): Promise<boolean> {
  const held = new Map(holds.map(({ run_id, epoch }) => [run_id, epoch]))
  for (const [run_id, epoch] of held) {
    if (session.running.get(run_id) === epoch) continue
    session.peer?.send({ type: 'cancel', run_id, epoch, reason: 'Its lease has ended.' })
  }
  if (session.running.size === 0) return false
  const { peer } = session
  for (const { run, recorded } of await leasedTo(core, session)) {
    if (session.peer !== peer) return false // it has come once more meanwhile
    if (session.running.get(run.id) !== run.epoch) continue
    const reached = held.get(run.id) === run.epoch
    if (run.state.type !== 'CANCELLING') {
      if (reached) continue
      if (session.uses !== null) session.uses -= 1
      peer?.send(runFrame(core, run, recorded))
    } else if (reached) {
      const { id: run_id, epoch, state } = run
      peer?.send({ type: 'cancel', run_id, epoch, reason: state.message ?? 'The run was cancelled.' })
    } else if (session.hostSessionId !== null) return true
    else await cancelUnsent(core, run)
  }
  return false
}

function leasedTo(core: EngineCore, session: Session): Promise<readonly Leased[]> {
  return core.store.transaction(async (tx) => {
    const leased: Leased[] = []
    for (const run of await tx.findRunsOfSession(session.id)) leased.push({ run, recorded: await tx.loadTaskResults(run.id) })
    return leased
  })
}

/** Keeps I10: nothing of it has started, so there is nothing to wait for. */
function cancelUnsent(core: EngineCore, { id }: FlowRun): Promise<void> {
  return unitOfWork(core, async (work) => {
    const run = await work.findRun(id)
    if (run?.state.type !== 'CANCELLING') return
    const { handedBack: _, ...proposal } = afterExecutorEnded(run, NEVER_REACHED, core.clock.now())
    await changeState(core, work, run, { id: core.random.uuid(), ...proposal }, { force: false, byExecutor: true })
  })
}
