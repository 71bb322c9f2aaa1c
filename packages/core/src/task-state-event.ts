import type { Event } from './events.ts'
import type { State } from './states.ts'
import type { TaskRun } from './task-run.ts'
import { toIso } from './time.ts'

export interface TaskStateEventFacts {
  readonly taskRun: TaskRun
  readonly state: State
  readonly previous: State | null
  /** Null for a task that was called outside of a flow. */
  readonly flowRun: {
    readonly id: string
    readonly name: string
    readonly chainDepth: number
    readonly causeEventId: string | null
  } | null
}

const payloadState = (state: State): Record<string, unknown> => ({
  type: state.type,
  name: state.name,
  message: state.message ?? '',
  state_details: state.details,
})

/** The event that a task run's state is, in the form in which Prefect's client sends its own. */
export function taskRunStateEvent({ taskRun, state, previous, flowRun }: TaskStateEventFacts): Event {
  return {
    id: state.id,
    occurred: state.at,
    received: state.at,
    event: `prefect.task-run.${state.name}`,
    resource: {
      'prefect.resource.id': `prefect.task-run.${taskRun.id}`,
      'prefect.resource.name': taskRun.name,
      'prefect.run-count': String(taskRun.runCount),
      'prefect.state-message': state.message ?? '',
      'prefect.state-name': state.name,
      'prefect.state-timestamp': toIso(state.at),
      'prefect.state-type': state.type,
      'prefect.orchestration': 'client',
    },
    related: [
      ...(flowRun === null
        ? []
        : [
            {
              'prefect.resource.id': `prefect.flow-run.${flowRun.id}`,
              'prefect.resource.role': 'flow-run',
              'prefect.resource.name': flowRun.name,
            },
          ]),
      ...taskRun.tags.map((tag) => ({ 'prefect.resource.id': `prefect.tag.${tag}`, 'prefect.resource.role': 'tag' })),
    ],
    payload: {
      intended: { from: previous?.type ?? null, to: state.type },
      initial_state: previous ? payloadState(previous) : null,
      validated_state: payloadState(state),
      task_run: {
        task_key: taskRun.taskKey,
        dynamic_key: taskRun.dynamicKey,
        name: taskRun.name,
        run_count: taskRun.runCount,
        tags: taskRun.tags,
      },
    },
    follows: state.follows,
    chainDepth: flowRun?.chainDepth ?? 0,
    causeEventId: flowRun?.causeEventId ?? null,
  }
}
