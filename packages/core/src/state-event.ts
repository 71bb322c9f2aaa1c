import type { Event, Resource } from './events.ts'
import type { FlowRun } from './run.ts'
import type { State } from './states.ts'
import { toIso } from './time.ts'

/** Prefect cuts the label of a state's message here. */
const MESSAGE_CHARS_MAX = 100_000

export interface StateEventFacts {
  readonly run: FlowRun
  readonly state: State
  readonly previous: State | null
  readonly flow: { readonly id: string; readonly name: string }
  readonly deployment: { readonly id: string; readonly name: string } | null
}

const payloadState = (state: State): Record<string, string> => ({
  type: state.type,
  name: state.name,
  ...(state.message === null ? {} : { message: state.message }),
})

function relatedOf({ run, flow, deployment }: StateEventFacts): Resource[] {
  const related: Resource[] = [
    { 'prefect.resource.id': `prefect.flow.${flow.id}`, 'prefect.resource.role': 'flow', 'prefect.resource.name': flow.name },
  ]
  if (deployment) {
    related.push({
      'prefect.resource.id': `prefect.deployment.${deployment.id}`,
      'prefect.resource.role': 'deployment',
      'prefect.resource.name': deployment.name,
    })
  }
  for (const tag of run.tags) related.push({ 'prefect.resource.id': `prefect.tag.${tag}`, 'prefect.resource.role': 'tag' })
  if (run.createdBy?.id && run.createdBy.type === 'AUTOMATION') {
    related.push({
      'prefect.resource.id': `prefect.automation.${run.createdBy.id}`,
      'prefect.resource.role': 'creator',
      ...(run.createdBy.display_value ? { 'prefect.resource.name': run.createdBy.display_value } : {}),
    })
  }
  return related
}

/** The event that a flow run's state IS (I4): made from the state's row when somebody asks, and when it is matched. */
export function flowRunStateEvent(facts: StateEventFacts): Event {
  const { run, state, previous } = facts
  return {
    id: state.id,
    occurred: state.at,
    received: state.at,
    event: `prefect.flow-run.${state.name}`,
    resource: {
      'prefect.resource.id': `prefect.flow-run.${run.id}`,
      'prefect.resource.name': run.name,
      'prefect.run-count': String(run.runCount),
      'prefect.state-message': (state.message ?? '').slice(0, MESSAGE_CHARS_MAX),
      'prefect.state-name': state.name,
      'prefect.state-timestamp': toIso(state.at),
      'prefect.state-type': state.type,
    },
    related: relatedOf(facts),
    payload: {
      intended: { from: previous?.type ?? null, to: state.type },
      initial_state: previous ? payloadState(previous) : null,
      validated_state: payloadState(state),
    },
    follows: state.follows,
    chainDepth: run.chainDepth,
    causeEventId: run.causeEventId,
  }
}
