import type { FlowRun } from './run.ts'
import { isResuming, keptAfter } from './run-policy.ts'
import { isTerminal, type State } from './states.ts'

/**
 * The run as it is once it has entered `state`: its counters and times, and the end of its lease where that ends one.
 * `forced`: nobody decided, so nothing is remembered of retries and pauses.
 */
export function applyState(run: FlowRun, state: State, { forced = false }: { readonly forced?: boolean } = {}): FlowRun {
  const { at, type } = state
  // After a pause it is the same attempt, unless it has ended meanwhile.
  const goesOn = isResuming(run) && !isTerminal(run.state.type)
  const ended = isTerminal(type)
  const leaves = run.state.type === 'RUNNING' ? at - run.state.at : 0
  const scheduled = type === 'SCHEDULED'
  return {
    ...run,
    state,
    kept: keptAfter(run, state, forced),
    runCount: run.runCount + (type === 'RUNNING' && !goesOn ? 1 : 0),
    // A lease lives from Pending to the end of the attempt (I1).
    sessionId: ended || scheduled ? null : run.sessionId,
    expectedStartAt: scheduled && state.name !== 'Late' ? state.scheduledAt : (run.expectedStartAt ?? at),
    nextScheduledAt: scheduled ? state.scheduledAt : null,
    startAt: type === 'RUNNING' || ended ? (run.startAt ?? at) : run.startAt, // one that never ran began with its end
    endAt: ended ? at : null,
    totalRunMicros: run.totalRunMicros + leaves,
    updatedAt: at,
  }
}

/** The run in Pending, leased to `sessionId` with the next epoch. */
export const grantLease = (run: FlowRun, pending: State, sessionId: string): FlowRun => ({
  ...applyState(run, pending),
  sessionId,
  epoch: run.epoch + 1, // Keeps I1.
})
