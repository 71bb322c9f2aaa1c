/** What `on` may be, and the triggers that it means. */
import { AppError, isObject, type JsonObject, type OfferedTrigger } from '@pilotflame/core'

/** Label → the values it may have. `*` and `?` are wildcards, a leading `!` turns a value round; all labels must fit. */
export type ResourceMatch = { readonly [label: string]: string | readonly string[] }

/** Prefect's event trigger, as its JSON has it. */
export type TriggerOptions = {
  readonly type?: 'event'
  /** Labels of the event's resource. Default: any. */
  readonly match?: ResourceMatch
  /** Labels of related resources; of a list, each must be satisfied by some related resource. Default: any. */
  readonly match_related?: ResourceMatch | readonly ResourceMatch[]
  /** Events that must have come before. Default: none. */
  readonly after?: readonly string[]
  /** Names of the events to wait for; a `*` at the end stands for any rest. Default: any event. */
  readonly expect?: readonly string[]
  /** Labels whose values are counted apart. Default: all are counted together. */
  readonly for_each?: readonly string[]
  /** Default: `Reactive`, that is when the events have come. `Proactive`: when they have not. */
  readonly posture?: 'Reactive' | 'Proactive'
  /** How many events it takes. Default: 1. */
  readonly threshold?: number
  /** In how many seconds they must come. Default: 0, no window. */
  readonly within?: number
}

/** An event's name, a prefix such as `chat.*`, or a whole trigger. */
export type On = string | TriggerOptions

const DEFAULTS = { type: 'event', posture: 'Reactive', threshold: 1, within: 0 } as const

function triggerOf(on: On): JsonObject {
  if (typeof on === 'string') {
    if (on.trim() === '')
      throw new AppError('invalid_request', 'The event name in "on" is empty. Name an event, such as on: "chat.message".')
    return { ...DEFAULTS, expect: [on] }
  }
  if (!isObject(on)) {
    throw new AppError(
      'invalid_request',
      'Each entry of "on" is the name of an event or a trigger object. Correct what you gave.',
    )
  }
  return { ...DEFAULTS, ...(JSON.parse(JSON.stringify(on)) as JsonObject) }
}

/** The triggers of a deployment, each with the parameters that it gives a run. Throws `invalid_request`. */
export function triggersOf(on: On | readonly On[] | undefined, parameters: JsonObject | undefined): readonly OfferedTrigger[] {
  if (on === undefined) return []
  const list: readonly On[] = Array.isArray(on) ? on : [on as On]
  return list.map((one) => (parameters === undefined ? { trigger: triggerOf(one) } : { trigger: triggerOf(one), parameters }))
}

/** What people read: `chat.message, chat.*`. Empty without triggers. */
export function describeTriggers(triggers: readonly OfferedTrigger[]): string {
  const names = triggers.flatMap(({ trigger }) =>
    Array.isArray(trigger.expect) && trigger.expect.length > 0 ? trigger.expect : ['any event'],
  )
  return [...new Set(names.map(String))].join(', ')
}
