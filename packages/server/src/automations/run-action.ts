/** The action `run-deployment`: renders the parameters from the event, checks them, and starts the run. */
import {
  type ActionTrouble,
  type Automation,
  bucketKey,
  type CompiledTemplates,
  type Deployment,
  type Event,
  eventToWire,
  isObject,
  MICROS_PER_SECOND,
  type Parameters,
  type RunDeploymentAction,
  triggeringLabels,
} from '@pilotflame/core'
import type { EngineCore } from '../engine/engine-core.ts'
import { prepareParameters, startRun } from '../engine/start-run.ts'
import type { Work } from '../engine/work.ts'
import { eventObjects, firstOfKind } from './event-objects.ts'

export interface ActionToRun {
  readonly automation: Automation
  readonly action: RunDeploymentAction
  readonly index: number
  /** The compiled templates of its parameters; null = the deployment's own parameters. */
  readonly templates: CompiledTemplates | null
  readonly receivedMark: number
}

type Done = { readonly kind: 'started'; readonly runId: string } | ActionTrouble

export async function runAction(core: EngineCore, work: Work, event: Event, todo: ActionToRun): Promise<Done> {
  const { automation, action, index } = todo
  const deployment = await findDeployment(work, event, action)
  if (!deployment) {
    const message =
      action.source === 'inferred'
        ? 'The event is of no deployment that exists. Narrow the trigger to events of deployments, or save the automation with a deployment (source "selected").'
        : `There is no deployment ${action.deployment_id}. It may have been deleted; save the automation with one that exists.`
    return { kind: 'failed', action: index, code: 'deployment_not_found', message }
  }
  const rendered = await render(work, event, todo)
  if (!rendered.ok) return { kind: 'rejected_parameters', action: index, faults: rendered.faults }
  const { parameters, faults } = prepareParameters(core, { deployment, parameters: rendered.parameters })
  if (faults.length > 0) return { kind: 'rejected_parameters', action: index, faults }
  const due = core.clock.now() + Math.round(action.schedule_after * MICROS_PER_SECOND)
  const run = startRun(core, work, {
    deployment,
    parameters,
    idempotencyKey: `automation ${automation.id} event ${event.id} action ${index}`,
    createdBy: { id: automation.id, type: 'AUTOMATION', display_value: automation.name },
    ...(action.schedule_after > 0 ? { state: { id: core.random.uuid(), type: 'SCHEDULED', scheduledAt: due } as const } : {}),
    cause: { eventId: event.id, chainDepth: event.chainDepth + 1 },
    receivedMark: todo.receivedMark,
    matchedMark: core.clock.monotonic(),
  })
  return { kind: 'started', runId: run.id }
}

/** `inferred` takes the deployment that the event is about, or is related to. */
async function findDeployment(work: Work, event: Event, action: RunDeploymentAction): Promise<Deployment | undefined> {
  if (action.source === 'selected')
    return action.deployment_id === null ? undefined : work.tx.findDeployment(action.deployment_id)
  const found = firstOfKind(event, 'deployment')
  return found && work.tx.findDeployment(found.id)
}

type Rendered =
  | { readonly ok: true; readonly parameters: Parameters }
  | { readonly ok: false; readonly faults: readonly { loc: readonly (string | number)[]; msg: string; type: string }[] }

async function render(work: Work, event: Event, { automation, templates }: ActionToRun): Promise<Rendered> {
  if (!templates) return { ok: true, parameters: {} }
  if (!templates.ok) return templates
  const wire = eventToWire(event)
  const firing = { trigger_id: automation.trigger.id }
  const result = templates.render({
    event: wire,
    events: [wire],
    labels: triggeringLabels(automation.trigger, bucketKey(automation.trigger, event)),
    automation: { id: automation.id, name: automation.name, description: automation.description },
    firing,
    firings: [firing],
    ...(await eventObjects(work, event, templates.names)),
  })
  if (!result.ok) return result
  if (isObject(result.value)) return { ok: true, parameters: result.value }
  const msg = `the parameters of a run are an object, and the template gave ${result.value === null ? 'null' : typeof result.value}`
  return { ok: false, faults: [{ loc: ['parameters'], msg, type: 'object_type' }] }
}
