/** Asks for a run to enter a state: load, decide, write. What follows from the state happens after the flush. */
import {
  applyState,
  decide,
  type FlowRun,
  flowRunPolicy,
  forcedPolicy,
  isTerminal,
  type State,
  type StateProposal,
} from '@pilotflame/core'
import type { SetStateResult } from '../app.ts'
import { stopWaiting, tellToStop, tryLease, waitAfterwards } from './dispatch-run.ts'
import type { EngineCore } from './engine-core.ts'
import type { Work } from './work.ts'

export interface HowProposed {
  readonly force: boolean
  readonly byExecutor: boolean
}

export async function changeState(
  core: EngineCore,
  work: Work,
  run: FlowRun,
  proposed: StateProposal,
  { force, byExecutor }: HowProposed,
): Promise<SetStateResult> {
  const decision = decide(force ? forcedPolicy : flowRunPolicy, { run, proposed, now: core.clock.now(), byExecutor })
  if (decision.status === 'WAIT' || decision.status === 'ABORT') return { ...decision, run }
  // A cancel that was not heard is told again.
  if (run.state.type === 'CANCELLING' && !byExecutor) work.afterwards(() => tellToStop(core, run, stopReason(run)))
  if (decision.state === null) return { status: 'REJECT', run, reason: decision.status === 'REJECT' ? decision.reason : '' }
  const next = await enter(core, work, run, { state: decision.state, byExecutor, forced: force })
  return decision.status === 'ACCEPT' ? { status: 'ACCEPT', run: next } : { status: 'REJECT', run: next, reason: decision.reason }
}

const stopReason = ({ state }: FlowRun): string => state.message ?? 'The run was cancelled.'

interface Entered {
  readonly state: State
  readonly byExecutor: boolean
  readonly forced: boolean
}

/** Writes the state, and sees to what it means for the lease, the executor and those who wait for the end. */
async function enter(core: EngineCore, work: Work, run: FlowRun, { state, byExecutor, forced }: Entered): Promise<FlowRun> {
  const next = applyState(run, state, { forced })
  work.putRun(next, state)
  leaveExecutor(core, work, run, { after: next, byExecutor })
  if (run.state.type === 'RUNNING' && state.type === 'SCHEDULED') {
    work.afterwards(() => {
      for (const tell of core.onInterrupted) tell(next)
    })
  }
  if (state.type === 'PAUSED' || run.state.type === 'PAUSED') work.afterwards(() => core.pauses.note(next))
  if (state.type === 'SCHEDULED') return schedule(core, work, next)
  if (run.state.type === 'SCHEDULED') work.afterwards(() => stopWaiting(core, run))
  if (state.type === 'CANCELLING') work.afterwards(() => tellToStop(core, next, stopReason(next)))
  if (isTerminal(state.type)) {
    work.afterwards(() => {
      core.waiters.ended(next)
      for (const tell of core.onEnd) tell(next)
    })
  }
  return next
}

interface Left {
  readonly after: FlowRun
  readonly byExecutor: boolean
}

/** The lease ends. An executor that did not say so itself is told to stop: somebody has forced another state. */
function leaveExecutor(core: EngineCore, work: Work, before: FlowRun, { after, byExecutor }: Left): void {
  const { sessionId } = before
  if (sessionId === null || after.sessionId !== null) return
  work.afterwards(() => {
    if (!byExecutor) tellToStop(core, before, after.state.message ?? `The run was set to ${after.state.name}.`)
    core.registry.leave(before.id, sessionId)
  })
}

/** A run that is to start: at once where a place is free, else it waits. Results of earlier attempts go with it. */
async function schedule(core: EngineCore, work: Work, run: FlowRun): Promise<FlowRun> {
  if (run.state.name === 'Late') return run
  // Whoever ran it waits for its next attempt, and starts it in the same process.
  if (run.kept?.empirical_policy?.retry_type === 'in_process') return run
  if (run.epoch > 0) work.recorded.set(run.id, await work.tx.loadTaskResults(run.id))
  const leased = tryLease(core, work, run)
  if (!leased) {
    waitAfterwards(core, work, run)
    return run
  }
  work.putRun(leased.run, leased.state)
  return leased.run
}
