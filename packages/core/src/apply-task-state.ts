import { isTerminal, type State } from './states.ts'
import type { TaskRun } from './task-run.ts'
import { MICROS_PER_SECOND } from './time.ts'

/** The task run as it is once the server has written `state`. `attempt`: the attempt of its flow run, where there is one. */
export function applyTaskState(run: TaskRun, state: State, attempt?: number): TaskRun {
  const { at, type } = state
  const running = type === 'RUNNING'
  const ended = isTerminal(type)
  // What has ended and goes on counts its attempts anew.
  const counted = isTerminal(run.state.type) && !ended ? 0 : run.runCount
  const kept = {
    ...run.kept,
    ...(run.state.type === 'RUNNING' ? { total_run_time: (run.kept?.total_run_time ?? 0) + secondsIn(run, at) } : {}),
    ...(running && attempt !== undefined ? { flow_run_run_count: attempt } : {}),
  }
  return {
    ...run,
    state,
    runCount: running ? counted + 1 : counted,
    expectedStartAt: run.expectedStartAt ?? state.scheduledAt ?? at,
    startAt: running || ended ? (run.startAt ?? at) : run.startAt,
    endAt: ended ? (run.endAt ?? at) : null,
    kept: Object.keys(kept).length === 0 ? null : kept,
    updatedAt: at,
  }
}

const secondsIn = ({ state }: TaskRun, at: number): number => Math.max(0, at - state.at) / MICROS_PER_SECOND
