import type { Parameters } from './json.ts'
import type { Micros } from './time.ts'

/** Labels of something that took part in an event; always with `prefect.resource.id`. */
export type Resource = Readonly<Record<string, string>>

/** An event, as it came in or as a state change made it. Moments are microseconds. */
export interface Event {
  readonly id: string
  readonly occurred: Micros
  readonly received: Micros
  readonly event: string
  readonly resource: Resource
  readonly related: readonly Resource[]
  readonly payload: Parameters
  readonly follows: string | null
  /** How many runs stand between this event and the one from outside; 0 for one from outside. */
  readonly chainDepth: number
  /** The event that started the run that this event came from. */
  readonly causeEventId: string | null
}
