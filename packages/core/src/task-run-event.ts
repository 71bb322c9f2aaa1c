/**
 * What Prefect's client tells of a task run, as `prefect.task-run.*` events: its engine has decided, here it is read to
 * be written down. The event's id is the state's id, and the moment at which it occurred the state's.
 */
import type { Labels } from './deployment.ts'
import type { Event } from './events.ts'
import { isUuid } from './ids.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { STATE_NAMES, STATE_TYPES, type State, type StateDetails, type StateType } from './states.ts'
import type { TaskRun, TaskRunKept } from './task-run.ts'
import { type Micros, parseIso } from './time.ts'

const PREFIX = 'prefect.task-run.'

/** Whether the event is a task run's state that a client has decided on. */
export const isTaskRunEvent = ({ event, resource }: Pick<Event, 'event' | 'resource'>): boolean =>
  event.startsWith(PREFIX) && resource['prefect.orchestration'] === 'client'

/** The flow run that an event came from, by its related resources. */
export function flowRunIdOf({ related }: Pick<Event, 'related'>): string | null {
  const one = related.find((resource) => resource['prefect.resource.role'] === 'flow-run')
  return one ? idAfter('prefect.flow-run.', one['prefect.resource.id']) : null
}

function idAfter(prefix: string, id: string | undefined): string | null {
  const rest = id?.startsWith(prefix) ? id.slice(prefix.length) : ''
  return isUuid(rest) ? rest.toLowerCase() : null
}

/** A task run as one event tells it. Its moments of creation are the event's; whoever knows more puts them in. */
export type TaskRunReport = { readonly taskRun: TaskRun } | { readonly fault: string }

export function readTaskRunEvent(event: Event): TaskRunReport {
  const { task_run: told, validated_state: validated } = event.payload
  const id = idAfter(PREFIX, event.resource['prefect.resource.id'])
  if (id === null) return { fault: 'its resource is no task run' }
  if (!isObject(told)) return { fault: 'its payload has no task_run' }
  if (!isObject(validated)) return { fault: 'its payload has no validated_state' }
  const type = STATE_TYPES.find((one) => one === validated.type)
  if (!type) return { fault: `${JSON.stringify(validated.type)} is no type of state` }
  const { task_key: taskKey, dynamic_key: dynamicKey } = told
  if (typeof taskKey !== 'string' || typeof dynamicKey !== 'string') return { fault: 'its task_key or dynamic_key is missing' }
  const at = event.occurred
  return {
    taskRun: {
      id,
      flowRunId: flowRunIdOf(event),
      taskKey,
      dynamicKey,
      name: text(told.name) ?? taskKey,
      tags: Array.isArray(told.tags) ? told.tags.filter((tag) => typeof tag === 'string') : [],
      state: stateOf(event, validated, type),
      runCount: number(told.run_count) ?? 0,
      expectedStartAt: moment(told.expected_start_time),
      startAt: moment(told.start_time),
      endAt: moment(told.end_time),
      kept: keptOf(told),
      createdAt: at,
      updatedAt: at,
    },
  }
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const moment = (value: unknown): Micros | null => (typeof value === 'string' ? (parseIso(value) ?? null) : null)

function stateOf(event: Event, validated: Record<string, unknown>, type: StateType): State {
  const { scheduled_time, flow_run_id, task_run_id, ...details } = isObject(validated.state_details)
    ? validated.state_details
    : {}
  return {
    id: event.id,
    type,
    name: text(validated.name) ?? STATE_NAMES[type],
    at: event.occurred,
    message: text(validated.message),
    data: (validated.data ?? null) as Json,
    details: details as StateDetails,
    scheduledAt: moment(scheduled_time),
    follows: event.follows,
  }
}

/** Every field of Prefect's task runs that is kept as it came, and whether a value fits it. */
const KEPT: Readonly<Record<keyof TaskRunKept, (value: unknown) => boolean>> = {
  cache_key: (value) => typeof value === 'string',
  cache_expiration: (value) => typeof value === 'string',
  task_version: (value) => typeof value === 'string',
  empirical_policy: isObject,
  labels: isObject,
  task_inputs: isObject,
  flow_run_run_count: (value) => number(value) !== null,
  total_run_time: (value) => number(value) !== null,
}

/** Never null: it tells a client's task run from one of our own SDK. */
function keptOf(told: Readonly<Record<string, unknown>>): TaskRunKept {
  const kept = Object.entries(KEPT).filter(([name, fits]) => fits(told[name]))
  return Object.fromEntries(kept.map(([name]) => [name, told[name]])) as TaskRunKept & JsonObject & { labels?: Labels }
}

/**
 * True when what `event` tells is newer than what is known. At the same moment the one that names the other as the
 * state before it is the newer one.
 */
export const isNewer = (told: State, known: State): boolean =>
  told.at > known.at || (told.at === known.at && told.follows === known.id)
