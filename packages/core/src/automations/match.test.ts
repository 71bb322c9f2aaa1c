import { describe, expect, test } from 'vitest'
import type { Event, Resource } from '../events.ts'
import { explainMatch } from './explain.ts'
import { bucketKey, matches, triggeringLabels } from './match.ts'
import type { EventTrigger } from './types.ts'

const trigger = (fields: Partial<EventTrigger>): EventTrigger => ({
  type: 'event',
  id: 't',
  match: {},
  match_related: [],
  after: [],
  expect: [],
  for_each: [],
  posture: 'Reactive',
  threshold: 1,
  within: 0,
  ...fields,
})

const FLOW: Resource = { 'prefect.resource.id': 'prefect.flow.1', 'prefect.resource.role': 'flow', colour: 'red' }
const TAG: Resource = { 'prefect.resource.id': 'prefect.tag.prod', 'prefect.resource.role': 'tag', colour: 'blue' }

const event = (fields: Partial<Event> = {}): Event => ({
  id: 'e',
  occurred: 0,
  received: 0,
  event: 'chat.message',
  resource: { 'prefect.resource.id': 'room.7', team: 'blue', empty: '' },
  related: [FLOW, TAG],
  payload: {},
  follows: null,
  chainDepth: 0,
  causeEventId: null,
  ...fields,
})

/** Both answers are held together: the explanation says "matched" exactly when it does. */
function fits(fields: Partial<EventTrigger>, given: Partial<Event> = {}): boolean {
  const matched = matches(trigger(fields), event(given))
  expect(explainMatch(trigger(fields), event(given)).every((clause) => clause.matched)).toBe(matched)
  return matched
}

describe('event names, as Prefect 3.8 takes them', () => {
  test.each<readonly [expect: string[], after: string[], name: string, fits: boolean]>([
    [[], [], 'anything', true],
    [['chat.message'], [], 'chat.message', true],
    [['chat'], [], 'chat.message', false],
    [['chat.*'], [], 'chat.message', true],
    [['chat.*'], [], 'chat.', false], // a star is at least one character
    [['*'], [], 'x', true],
    [['*.message'], [], 'chat.message', true],
    [['a', 'b'], [], 'b', true],
    [['a'], ['b'], 'b', true],
    [['a'], ['b.*'], 'b.c', true],
    [[], ['b'], 'c', true], // without `expect` every event counts
    [['!a'], [], 'b', false], // no negation here …
    [['a?'], [], 'ab', false], // … and no wildcard but the star
    [['[ab]'], [], 'a', false],
  ])('expect %j, after %j: %s is %s', (expected, after, name, wanted) => {
    expect(fits({ expect: expected, after }, { event: name })).toBe(wanted)
  })
})

describe('match', () => {
  test.each<readonly [spec: EventTrigger['match'], fits: boolean]>([
    [{}, true],
    [{ team: 'blue' }, true],
    [{ team: 'b*' }, true],
    [{ team: 'Blue' }, false],
    [{ team: 'blue', 'prefect.resource.id': 'room.8' }, false],
    [{ team: ['red', 'blue'] }, true],
    [{ team: [] }, false],
    [{ team: '!red' }, true],
    [{ team: '!b*' }, false],
    [{ team: ['!blue', '!red'] }, true], // any of them is enough
    [{ absent: '*' }, false],
    [{ absent: '!red' }, false], // what is absent never fits
    [{ empty: '' }, true],
    [{ empty: '!red' }, true],
    [{ constructor: '*' }, false], // nothing inherited is seen
  ])('%j is %s', (match, wanted) => expect(fits({ match })).toBe(wanted))
})

describe('match_related', () => {
  test.each<readonly [specs: EventTrigger['match_related'], fits: boolean]>([
    [[], true],
    [[{}], true],
    [[{ 'prefect.resource.role': 'flow' }], true],
    [[{ 'prefect.resource.role': 'flow', colour: 'blue' }], false], // one resource has to have both
    [[{ colour: 'red' }, { colour: 'blue' }], true],
    [[{ colour: 'red' }, { colour: 'green' }], false],
    [[{ colour: '!red' }], true],
  ])('%j is %s', (match_related, wanted) => expect(fits({ match_related })).toBe(wanted))

  test('only an empty spec fits an event without related resources', () => {
    expect(fits({ match_related: [{}] }, { related: [] })).toBe(true)
    expect(fits({ match_related: [{ colour: '*' }] }, { related: [] })).toBe(false)
  })
})

describe('for_each', () => {
  test('the key has the values in the order of the labels', () => {
    const each = trigger({ for_each: ['team', 'prefect.resource.id', 'related:flow:prefect.resource.id'] })
    expect(bucketKey(each, event())).toEqual(['room.7', 'prefect.flow.1', 'blue'])
    expect(triggeringLabels(each, bucketKey(each, event()))).toEqual({
      'prefect.resource.id': 'room.7',
      'related:flow:prefect.resource.id': 'prefect.flow.1',
      team: 'blue',
    })
  })
  test('what is absent counts as empty text', () => {
    expect(bucketKey(trigger({ for_each: ['nope', 'related:flow:nope', 'related:nobody:colour'] }), event())).toEqual([
      '',
      '',
      '',
    ])
  })
})

describe('why it did not match', () => {
  test('each clause says what it wanted and what it saw', () => {
    const why = explainMatch(
      trigger({
        expect: ['chat.*'],
        match: { team: 'red' },
        match_related: [{ 'prefect.resource.role': 'tag', colour: 'green' }],
      }),
      event(),
    )
    expect(why).toEqual([
      { clause: 'expect', matched: true, wanted: ['chat.*'], saw: 'chat.message' },
      { clause: 'match.team', matched: false, wanted: 'red', saw: 'blue' },
      {
        clause: 'match_related[0]',
        matched: false,
        wanted: { 'prefect.resource.role': 'tag', colour: 'green' },
        saw: { 'prefect.resource.role': 'tag', colour: 'blue' }, // the one that came closest
      },
    ])
  })
  test('an event that opens a bucket is let in by `after`', () => {
    const [name] = explainMatch(trigger({ expect: ['a'], after: ['chat.*'] }), event())
    expect(name).toEqual({ clause: 'after', matched: true, wanted: ['chat.*'], saw: 'chat.message' })
  })
})
