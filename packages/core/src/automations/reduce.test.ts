import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Event } from '../events.ts'
import { MICROS_PER_SECOND } from '../time.ts'
import { bucketKey, matches } from './match.ts'
import { firesAtOnce, reduceTrigger, type TriggerOutcome } from './reduce.ts'
import type { Bucket, EventTrigger } from './types.ts'

const trigger = (fields: Partial<EventTrigger>): EventTrigger => ({
  type: 'event',
  id: 't',
  match: {},
  match_related: [],
  after: [],
  expect: ['a'],
  for_each: [],
  posture: 'Reactive',
  threshold: 1,
  within: 0,
  ...fields,
})

/** `a@3` is event a, which occurred in second 3; `a.x@3` is one of the team x. */
function event(text: string): Event {
  const [name = '', at] = text.split('@')
  const [kind = '', team = 'x'] = name.split('.')
  const occurred = Number(at) * MICROS_PER_SECOND
  const resource = { 'prefect.resource.id': 'r', team }
  const none = { payload: {}, follows: null, chainDepth: 0, causeEventId: null, related: [] }
  return { id: text, event: kind, occurred, received: 0, resource, ...none }
}

const show = (outcome: TriggerOutcome): string => {
  if (outcome.kind === 'counting') return `${outcome.count}/${outcome.threshold}`
  if (outcome.kind === 'ignored') return outcome.reason
  return outcome.kind === 'throttled' ? `throttled ${outcome.until / MICROS_PER_SECOND}` : outcome.kind
}

/** Sends the events one after the other, each to the bucket of its key. */
function run(
  fields: Partial<EventTrigger>,
  events: readonly Event[],
): { outcomes: TriggerOutcome[]; buckets: Map<string, Bucket> } {
  const given = trigger(fields)
  const buckets = new Map<string, Bucket>()
  const outcomes = events.flatMap((one): TriggerOutcome[] => {
    if (!matches(given, one)) return []
    const key = JSON.stringify(bucketKey(given, one))
    const { bucket, outcome } = reduceTrigger({ trigger: given, automationId: 'A', bucket: buckets.get(key) ?? null, event: one })
    if (bucket) buckets.set(key, bucket)
    else buckets.delete(key)
    return [outcome]
  })
  return { outcomes, buckets }
}

const check = (fields: Partial<EventTrigger>, events: string, wanted: string): void => {
  const { outcomes } = run(fields, events.split(' ').map(event))
  expect(outcomes.map(show).join(', ')).toBe(wanted)
}

// Which of these events fire is what Prefect 3.8.8 answered to the same ones, once it had swept what is over.
describe('without a window', () => {
  test('every event fires, and nothing is stored', () => {
    check({}, 'a@0 a@0 a@5 a@-900', 'fired, fired, fired, fired')
    expect(run({}, [event('a@0')]).buckets.size).toBe(0)
    expect(firesAtOnce(trigger({}))).toBe(true)
  })
  test('a threshold counts for as long as it takes', () =>
    check({ threshold: 3 }, 'a@0 a@99 a@500 a@501', '1/3, 2/3, fired, 1/3'))
  test('an event that is more than 15 minutes older than the first one does not count', () => {
    check({ threshold: 2 }, 'a@0 a@-901 a@-899', '1/2, before_window, fired')
  })
})

describe('within a window', () => {
  test('it fires once, and again when the window is over', () => {
    check({ within: 10 }, 'a@0 a@5 a@9 a@10 a@35', 'fired, throttled 10, throttled 10, fired, fired')
  })
  test('the threshold has to be reached inside it', () => {
    check({ within: 10, threshold: 2 }, 'a@0 a@10 a@19 a@25', '1/2, 1/2, fired, 1/2')
  })
  test('what arrives out of order counts in the first window', () =>
    check({ within: 10, threshold: 2 }, 'a@0 a@-100', '1/2, fired'))
  test('what is older than a later window does not', () => {
    check({ within: 10, threshold: 2 }, 'a@0 a@20 a@19 a@21', '1/2, 1/2, before_window, fired')
  })
  test('after firing the next window follows on the last one', () => {
    check({ within: 10, threshold: 2 }, 'a@0 a@1 a@9 a@10 a@20 a@29', '1/2, fired, throttled 10, 1/2, 1/2, fired')
  })
  test('each value of for_each counts for itself', () => {
    check({ within: 10, threshold: 2, for_each: ['team'] }, 'a.x@0 a.y@1 a.y@2 a.x@3', '1/2, 1/2, fired, fired')
  })
})

describe('after', () => {
  const after = { after: ['b'], within: 10 }
  test('nothing counts before it', () => check(after, 'a@0 b@1 a@2', 'not_opened, opened, fired'))
  test('firing closes it', () => check(after, 'b@0 a@1 a@2 b@3 a@4', 'opened, fired, not_opened, opened, fired'))
  test('an older event does not count', () => check(after, 'b@5 a@4 a@6', 'opened, before_window, fired'))
  test('when its time is over it is gone', () => check(after, 'b@0 a@10 a@11', 'opened, after_window, not_opened'))
  test('a second one does not prolong it', () => check(after, 'b@0 b@9 a@11', 'opened, open_already, after_window'))
  test('a second one opens it anew when the first is over', () => check(after, 'b@0 b@12 a@13', 'opened, opened, fired'))
  test('the same event can open and count, but not at once', () => {
    check({ ...after, after: ['a'] }, 'a@0 a@1 a@2', 'opened, fired, opened')
  })
  test('with a threshold', () => check({ ...after, threshold: 2 }, 'b@0 a@1 a@2', 'opened, 1/2, fired'))
  test('without a window the next expected event fires', () =>
    check({ after: ['b'] }, 'b@0 a@999 a@1000', 'opened, fired, not_opened'))
})

const seconds = fc.integer({ min: 0, max: 200 })
const inOrder = fc
  .array(seconds, { maxLength: 60 })
  .map((all) => all.sort((one, other) => one - other).map((at) => event(`a@${at}`)))
const anyOrder = fc.array(seconds, { maxLength: 60 }).map((all) => all.map((at) => event(`a@${at}`)))
const threshold = fc.integer({ min: 1, max: 5 })
const within = fc.integer({ min: 0, max: 30 })

/** The events in the order in which they came, and whether each fired. */
const firings = (outcomes: readonly TriggerOutcome[]): number => outcomes.filter(({ kind }) => kind === 'fired').length

describe('whatever comes', () => {
  test('it never fires more often than count ÷ threshold', () => {
    fc.assert(
      fc.property(anyOrder, threshold, within, (events, limit, window) => {
        const { outcomes } = run({ threshold: limit, within: window }, events)
        expect(firings(outcomes)).toBeLessThanOrEqual(Math.floor(events.length / limit))
      }),
    )
  })
  test('without a window it fires exactly so often', () => {
    fc.assert(
      fc.property(anyOrder, threshold, (events, limit) => {
        expect(firings(run({ threshold: limit }, events).outcomes)).toBe(Math.floor(events.length / limit))
      }),
    )
  })
  test('with one it fires only when enough events lie in one window', () => {
    fc.assert(
      fc.property(inOrder, threshold, fc.integer({ min: 1, max: 30 }), (events, limit, window) => {
        run({ threshold: limit, within: window }, events).outcomes.forEach(({ kind }, index) => {
          if (kind !== 'fired') return
          const from = (events[index]?.occurred ?? 0) - window * MICROS_PER_SECOND
          const inWindow = events.slice(0, index + 1).filter(({ occurred }) => occurred > from)
          expect(inWindow.length).toBeGreaterThanOrEqual(limit)
        })
      }),
    )
  })
  test('an event from outside of the window changes nothing that is stored', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 901, max: 9_999 }), (at, older) => {
        const { buckets } = run({ threshold: 3, within: 10 }, [event(`a@${at}`)])
        const bucket = buckets.get('[]') ?? null
        const late = reduceTrigger({
          trigger: trigger({ threshold: 3, within: 10 }),
          automationId: 'A',
          bucket,
          event: event(`a@${at - older}`),
        })
        expect(late).toEqual({ bucket, outcome: { kind: 'ignored', reason: 'before_window' } })
        expect(late.bucket).toBe(bucket) // the same object: nothing to write
      }),
    )
  })
  test('with `after` it fires at most once for each event that opens', () => {
    const some = fc.array(fc.tuple(fc.constantFrom('a', 'b'), seconds), { maxLength: 60 })
    fc.assert(
      fc.property(some, threshold, within, (all, limit, window) => {
        const events = all.map(([name, at]) => event(`${name}@${at}`))
        const { outcomes } = run({ after: ['b'], threshold: limit, within: window }, events)
        expect(firings(outcomes)).toBeLessThanOrEqual(outcomes.filter(({ kind }) => kind === 'opened').length)
      }),
    )
  })
})
