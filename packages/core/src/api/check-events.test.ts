import { describe, expect, test } from 'vitest'
import { parseIso } from '../time.ts'
import { checkEvents } from './check-events.ts'

const good = {
  id: 'c1a0d1d4-8f57-4f35-93b5-7e8d8c2d9a11',
  occurred: '2026-01-02T03:04:05.000006Z',
  event: 'chat.message',
  resource: { 'prefect.resource.id': 'chat.room.1' },
}

function check(body: unknown, expected: readonly string[], bytes = 100) {
  const checked = checkEvents(body, bytes)
  const faults = checked.ok
    ? []
    : checked.faults.map(({ loc, type, suggestion }) => `${loc.join('.')} ${type}${suggestion ? ` → ${suggestion}` : ''}`)
  expect(faults).toEqual(expected)
  return checked
}

describe('an event passes', () => {
  test('with what every event has', () => {
    const checked = check(good, [])
    expect(checked.ok && checked.events[0]).toEqual({
      ...good,
      occurred: parseIso(good.occurred),
      related: [],
      payload: {},
      follows: null,
    })
  })
  test('in a list', () => expect(check([good, good], [])).toMatchObject({ events: [{}, {}] }))
  test('with an id in capitals, which means the same as in small letters', () => {
    const id = '01A20CDC-73F4-737D-A897-A8A9B69A11DA'
    expect(check({ ...good, id }, [])).toMatchObject({ events: [{ id: id.toLowerCase() }] })
  })
  test('with fields of a received event, and unknown ones that resemble nothing', () => {
    expect(check({ ...good, received: 'x', zebra: 1 }, [])).toMatchObject({ unknownFields: ['received', 'zebra'] })
  })
})

describe('an event is at fault', () => {
  test('when nothing is there', () => check({}, ['id missing', 'occurred missing', 'event missing', 'resource missing']))
  test('when it is no object', () => check([1, null], ['0 type', '1 type']))
  test('with a near miss of a field', () => check({ ...good, payloud: {} }, ['payloud unknown_field → payload']))
  test('and then its other unknown fields are told too', () => {
    check({ ...good, payloud: {}, zebra: 1 }, ['payloud unknown_field → payload', 'zebra unknown_field'])
    check({ ...good, event: 1, zebra: 1 }, ['event type', 'zebra unknown_field'])
  })
  test('with a payload that is no object', () => check({ ...good, payload: [1] }, ['payload type']))
  test('with a moment or ids that are none', () => {
    check({ ...good, id: 'x', occurred: 'now', follows: 1 }, ['id uuid', 'occurred datetime', 'follows uuid'])
  })
  test('with a resource without an id', () => {
    check({ ...good, resource: { 'prefect.resource.ids': 'x' } }, ['resource.prefect.resource.id missing → prefect.resource.id'])
  })
  test('with a label that is no text', () => check({ ...good, resource: { ...good.resource, n: 1 } }, ['resource.n type']))
  test('with an object where a list belongs, in words', () => {
    const checked = check({ ...good, related: {} }, ['related type'])
    expect(checked.ok ? [] : checked.faults[0]?.msg).toBe('related must be a list of resources, not an object')
  })
  test('with a related resource without a role', () => {
    check({ ...good, related: [{ 'prefect.resource.id': 'x' }] }, ['related.0.prefect.resource.role missing'])
  })
  test('beyond the limits of names, labels, related resources and size', () => {
    const labels = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`l${index}`, 'x']))
    const related = Array.from({ length: 101 }, () => ({ 'prefect.resource.id': 'x', 'prefect.resource.role': 'y' }))
    const event = { ...good, event: 'e'.repeat(1025), resource: { ...good.resource, ...labels }, related }
    check(event, ['event too_long', 'resource too_long', 'related too_long', ' too_long'], 1_500_001)
  })
  test('in a list by its place, when it alone is too large', () => {
    const large = { ...good, payload: { text: 'x'.repeat(1_500_000) } }
    check([good, large], ['1 too_long'], 1_600_000)
  })
})
