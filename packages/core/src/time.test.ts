import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseIso, parseSeconds, toIso } from './time.ts'

test('a moment survives the way over the wire to the microsecond', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000_000_000 }), (at) => parseIso(toIso(at)) === at))
})

test.each([
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000Z'],
  ['2026-01-02T03:04:05.1234567Z', '2026-01-02T03:04:05.123456Z'],
  ['2026-01-02T03:04:05.5+02:00', '2026-01-02T01:04:05.500000Z'],
  ['2028-02-29T03:04:05Z', '2028-02-29T03:04:05.000000Z'],
  ['2026-01-02 03:04:05', '2026-01-02T03:04:05.000000Z'],
])('%s is read as %s', (text, expected) => expect(toIso(parseIso(text) ?? 0)).toBe(expected))

test.each([
  '',
  'yesterday',
  '2026-13-01T00:00:00Z',
  '2026-01-02',
  '12',
  '2999-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2025-02-29T00:00:00Z',
])('"%s" is no moment', (text) => expect(parseIso(text)).toBeUndefined())

test.each([
  [10, 10],
  ['10.5', 10.5],
  ['PT10S', 10],
  ['PT1H30M', 5400],
  ['P1DT1S', 86_401],
])('%s is a length of time', (value, seconds) => expect(parseSeconds(value)).toBe(seconds))

test.each([-1, Number.NaN, 'P', 'PT', 'soon', null, {}])('%s is none', (value) => expect(parseSeconds(value)).toBeUndefined())
