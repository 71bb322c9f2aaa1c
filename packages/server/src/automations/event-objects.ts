/**
 * What templates see of an event beside itself, as in Prefect: `deployment`, `flow`, `flow_run` and `task_run` are the
 * first of their kind that took part in it, its own resource before the related ones. What no template names is not read.
 */
import { deploymentToWire, type Event, flowRunToWire, flowToWire, isUuid, type Resource, taskRunToWire } from '@pilotflame/core'
import type { Work } from '../engine/work.ts'

interface Found {
  readonly id: string
  readonly resource: Resource
}

/** The first resource `prefect.<kind>.<id>` of the event. */
export function firstOfKind(event: Event, kind: string): Found | undefined {
  const prefix = `prefect.${kind}.`
  for (const resource of [event.resource, ...event.related]) {
    const id = resource['prefect.resource.id'] ?? ''
    if (id.startsWith(prefix) && isUuid(id.slice(prefix.length))) return { id: id.slice(prefix.length).toLowerCase(), resource }
  }
  return undefined
}

/** The state that the event tells of: the run may have left it by now. */
function stateOf(resource: Resource): object {
  const type = resource['prefect.state-type']
  const name = resource['prefect.state-name']
  const timestamp = resource['prefect.state-timestamp']
  const message = resource['prefect.state-message']
  if (type === undefined || name === undefined || timestamp === undefined || message === undefined) return {}
  return { state: { type, name, timestamp, message } }
}

type Reader = (work: Work, found: Found) => Promise<object | undefined>

const READERS: Readonly<Record<string, readonly [kind: string, read: Reader]>> = {
  deployment: ['deployment', async ({ tx }, { id }) => known(await tx.findDeployment(id), deploymentToWire)],
  flow: ['flow', async ({ tx }, { id }) => known(await tx.findFlow(id), flowToWire)],
  flow_run: [
    'flow-run',
    async (work, { id, resource }) => known(await work.findRun(id), (run) => ({ ...flowRunToWire(run), ...stateOf(resource) })),
  ],
  task_run: [
    'task-run',
    async ({ tx }, { id, resource }) =>
      known(await tx.findTaskRun(id), (taskRun) => ({ ...taskRunToWire(taskRun), ...stateOf(resource) })),
  ],
}

const known = <T>(value: T | undefined, toWire: (value: T) => object): object | undefined =>
  value === undefined ? undefined : toWire(value)

/** Those of them that are in `names`, and that the event has. */
export async function eventObjects(work: Work, event: Event, names: ReadonlySet<string>): Promise<Record<string, object>> {
  const objects: Record<string, object> = {}
  for (const [name, [kind, read]] of Object.entries(READERS)) {
    const found = names.has(name) ? firstOfKind(event, kind) : undefined
    const object = found && (await read(work, found))
    if (object) objects[name] = object
  }
  return objects
}
