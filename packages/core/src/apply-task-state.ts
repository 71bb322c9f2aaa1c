import { isTerminal, type State } from './states.ts'
import type { TaskRun } from './task-run.ts'
import { MICROS_PER_SECOND } from './time.ts'

export interface HowApplied {
  /** The attempt of its flow run, where there is one. */
  readonly attempt?: number | undefined
  /** Nobody decided, so attempts are counted on as they were. Default: false. */
  readonly forced?: boolean
}

/** The task run as it is once the server has written `state`. */
export function applyTaskState(run: TaskRun, state: State, { attempt, forced = false }: HowApplied = {}): TaskRun {
  const { at, type } = state
  const running = type === 'RUNNING'
  const ended = isTerminal(type)
  // What has ended and goes on counts its attempts anew.
  const counted = isTerminal(run.state.type) && !ended && !forced ? 0 : run.runCount
  const kept = {
    ...run.kept,
    ...(run.state.type === 'RUNNING' ? { total_run_time: (run.kept?.total_run_time ?? 0) + secondsIn(run, at) } : {}),
    ...(running && !forced && attempt !== undefined ? { flow_run_run_count: attempt } : {}),
  }
  return {
    ...run,
    state,
    runCount: running ? counted + 1 : counted,
    expectedStartAt: run.expectedStartAt ?? state.scheduledAt ?? at,
    startAt: running || ended ? (run.startAt ?? at) : run.startAt,
    endAt: ended ? (run.endAt ?? at) : null,
    kept: run.kept === null && Object.keys(kept).length === 0 ? null : kept,
    updatedAt: at,
  }
}

const secondsIn = ({ state }: TaskRun, at: number): number => Math.max(0, at - state.at) / MICROS_PER_SECOND
