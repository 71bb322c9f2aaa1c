/**
 * What one more event does to a trigger, as Prefect 3 decides it for reactive triggers. Pure: the bucket goes in,
 * and the next one comes out (the same object where nothing changed, null where there is none any more).
 *
 * A bucket is a window of time for one tuple of `for_each` values. Times are the events' own `occurred`.
 * - Without `after`, the first event opens it, 15 minutes back, so that what arrives out of order still counts.
 * - When the threshold is reached it fires at once, and the next window begins where this one ends: events from
 *   before are throttled.
 * - With `after`, only such an event opens it, from its own moment on, and firing closes it.
 * - With `within: 0` there is no window: every event that matches counts.
 */
import type { Event } from '../events.ts'
import { MICROS_PER_SECOND, type Micros } from '../time.ts'
import { bucketKey, compileTrigger } from './match.ts'
import type { Bucket, EventTrigger, IgnoredReason } from './types.ts'

export type TriggerOutcome =
  | { readonly kind: 'fired' }
  | { readonly kind: 'counting'; readonly count: number; readonly threshold: number }
  | { readonly kind: 'throttled'; readonly until: Micros }
  /** An `after` event: counting starts now. */
  | { readonly kind: 'opened' }
  /** It changes nothing. */
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason }

export interface TriggerStep {
  readonly bucket: Bucket | null
  readonly outcome: TriggerOutcome
}

/** 15 minutes: how late an event may arrive and still count in the first window. */
const LOOKBACK: Micros = 15 * 60 * MICROS_PER_SECOND
const ignored = (reason: IgnoredReason): TriggerOutcome => ({ kind: 'ignored', reason })
const FIRED: TriggerOutcome = { kind: 'fired' }

interface Facts {
  readonly trigger: EventTrigger
  readonly threshold: number
  readonly within: Micros
  readonly at: Micros
}

/** True when the trigger fires with each event, so that it needs no bucket. */
export const firesAtOnce = (trigger: EventTrigger): boolean =>
  trigger.within === 0 && trigger.threshold <= 1 && trigger.after.length === 0

/** Fired: with a window the next one follows on this one, unless an `after` event has to open it. */
function fire({ trigger, within, at }: Facts, bucket: Bucket): TriggerStep {
  if (within === 0 || trigger.after.length > 0) return { bucket: null, outcome: FIRED }
  const start = Math.max(bucket.end, at)
  return { bucket: { ...bucket, start, end: start + within, count: 0, firedAt: at }, outcome: FIRED }
}

/** One event more in a bucket that takes it. */
function count(facts: Facts, bucket: Bucket): TriggerStep {
  const { trigger, threshold, within, at } = facts
  const counted = { ...bucket, count: bucket.count + 1 }
  if (counted.count >= threshold) return fire(facts, counted)
  const outcome: TriggerOutcome = { kind: 'counting', count: counted.count, threshold }
  // Prefect's own: a bucket without a window that was opened by `after` does not outlive an event that is not enough.
  if (within === 0 && trigger.after.length > 0 && at >= bucket.end) return { bucket: null, outcome }
  return { bucket: counted, outcome }
}

/** An expected event meets its bucket. */
function meet(facts: Facts, bucket: Bucket): TriggerStep {
  const { trigger, within, at } = facts
  if (at < bucket.start) {
    return { bucket, outcome: bucket.firedAt === null ? ignored('before_window') : { kind: 'throttled', until: bucket.start } }
  }
  if (within === 0 || at < bucket.end) return count(facts, bucket)
  if (trigger.after.length > 0) return { bucket: null, outcome: ignored('after_window') }
  // Past the window, which was not filled: a new one begins with this event.
  return count(facts, { ...bucket, start: at, end: at + within, count: 0, firedAt: null })
}

/** An `after` bucket whose time is over is as good as gone. (Prefect deletes it up to 65 s later, and until then loses the next one.) */
const isOver = ({ within, at }: Facts, bucket: Bucket): boolean => within > 0 && at >= bucket.end

export function reduceTrigger(input: {
  readonly trigger: EventTrigger
  readonly automationId: string
  /** What is stored for this trigger and `bucketKey(trigger, event)`. */
  readonly bucket: Bucket | null
  /** One that `matches(trigger, event)`. */
  readonly event: Event
}): TriggerStep {
  const { trigger, automationId, event } = input
  if (firesAtOnce(trigger)) return { bucket: null, outcome: FIRED }

  const { names } = compileTrigger(trigger)
  const at = event.occurred
  const within = Math.round(trigger.within * MICROS_PER_SECOND)
  const facts: Facts = { trigger, threshold: Math.max(1, trigger.threshold), within, at }
  const expected = names.expects(event.event)
  const open = (start: Micros): Bucket => {
    const key = bucketKey(trigger, event)
    return { automationId, triggerId: trigger.id, key, start, end: at + within, count: 0, firedAt: null }
  }

  if (trigger.after.length === 0) {
    return meet(facts, input.bucket ?? open(at - LOOKBACK))
  }
  const opens = names.opens(event.event)
  if (opens && (input.bucket === null || isOver(facts, input.bucket))) {
    // Prefect's own: an event of both `after` and `expect` opens no bucket where there is no window to count in.
    if (expected && within === 0) return { bucket: null, outcome: ignored('not_opened') }
    return { bucket: open(at), outcome: { kind: 'opened' } }
  }
  if (input.bucket === null) return { bucket: null, outcome: ignored('not_opened') }
  if (!expected) return { bucket: input.bucket, outcome: ignored('open_already') }
  return meet(facts, input.bucket)
}
