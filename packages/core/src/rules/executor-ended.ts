/** What becomes of a run whose executor is gone. The policy may still try it again. */
import type { ChildEndKind, StopStage } from '../channel/frames.ts'
import type { FlowRun } from '../run.ts'
import type { StateProposal } from '../states.ts'
import type { Micros } from '../time.ts'
import { goneMessage, stagesMessage } from './stop-message.ts'

/** What is known of an executor's end. */
export interface RunEnding {
  /** What people read, such as `exit code 1`. */
  readonly reason: string
  /** Its host's word for it; null where nobody saw it end. */
  readonly kind: ChildEndKind | null
  /** The steps of stopping it, where it was told to stop. */
  readonly stages: readonly StopStage[]
  /** It left with its runs at work, so that they go on elsewhere. */
  readonly handBack: boolean
  /** It had said that it takes no more runs: one that it did not report has not been started. */
  readonly draining: boolean
}

export type AfterEnd = Omit<StateProposal, 'id'> & {
  /** True: this attempt counts as none of its retries. */
  readonly handedBack: boolean
}

export function afterExecutorEnded(run: FlowRun, ending: RunEnding, now: Micros): AfterEnd {
  const { reason, kind, stages } = ending
  if (run.state.type === 'CANCELLING') {
    const stopped = stages.length > 0 ? stagesMessage(stages) : goneMessage(now - run.state.at, reason)
    return { type: 'CANCELLED', message: joined(run.state.message, stopped), handedBack: false }
  }
  const unstarted = run.state.type === 'PENDING' && (ending.draining || kind === 'retired')
  if (ending.handBack || unstarted) return { type: 'SCHEDULED', message: `handed back: ${reason}`, handedBack: true }
  if (kind === 'timeout') return { type: 'FAILED', name: 'TimedOut', message: reason, handedBack: false }
  return { type: 'CRASHED', message: reason, handedBack: false }
}

/** Who asked for it, and how it ended. */
export const joined = (reason: string | null, stopped: string): string => (reason ? `${reason}: ${stopped}` : stopped)

/** The run as it is handed back. An attempt that was Running was counted as one, so it gets another one for it. */
export const handBack = (run: FlowRun): FlowRun => (run.state.type === 'RUNNING' ? { ...run, retries: run.retries + 1 } : run)
