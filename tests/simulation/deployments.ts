/** What the executors of the simulation serve: one flow per kind of trigger, with and without retries. */
import type { DeploymentOffer, JsonObject } from '@pilotflame/core'

const offer = (flow: string, trigger: JsonObject, retries: number, retryDelayMs: number): DeploymentOffer => ({
  flow_name: flow,
  name: 'main',
  version: `${flow} 1`,
  entrypoint: null,
  description: null,
  tags: [],
  parameters: {},
  parameter_schema: null,
  triggers: [{ trigger, parameters: { cause: '{{ event.id }}' } }],
  retries,
  retry_delay_ms: retryDelayMs,
})

/** Starts with each event, and is not tried again. */
export const ORDERS = offer(
  'orders',
  { type: 'event', expect: ['order.placed'], posture: 'Reactive', threshold: 1, within: 0 },
  0,
  0,
)

/** Starts with the third event of a customer within 20 s. */
export const ALERTS = offer(
  'alerts',
  { type: 'event', expect: ['order.failed'], for_each: ['customer'], posture: 'Reactive', threshold: 3, within: 20 },
  2,
  500,
)

/** Starts when a run of another flow has failed. */
export const CARE = offer(
  'care',
  {
    type: 'event',
    expect: ['prefect.flow-run.Failed', 'prefect.flow-run.Crashed'],
    match_related: { 'prefect.resource.name': 'orders', 'prefect.resource.role': 'flow' },
    posture: 'Reactive',
    threshold: 1,
    within: 0,
  },
  1,
  3_000,
)
