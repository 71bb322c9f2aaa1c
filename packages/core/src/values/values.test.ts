import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { canonicalJson, decodeValue, encodeValue } from './values.ts'

const throughJson = (value: unknown): unknown => decodeValue(JSON.parse(JSON.stringify(encodeValue(value))) as Json)

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.bigInt(),
      fc.constant(undefined),
      fc.constant(null),
      fc.date(),
      fc.uint8Array(),
    ),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$pilotflame', '__proto__', 'constructor')), tie('value')),
    fc.array(tie('value')).map((items) => new Set(items)),
    fc.array(fc.tuple(fc.string(), tie('value'))).map((pairs) => new Map(pairs)),
  ),
})).value

test('every value comes back as it was', () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(throughJson(given)).toEqual(given)
    }),
  )
})

test('types that JSON loses are kept', () => {
  const given = {
    at: new Date(0),
    big: 2n ** 70n,
    nothing: undefined,
    zero: -0,
    none: Number.NaN,
    bytes: new Uint8Array([1, 255]),
  }
  const back = throughJson(given) as typeof given
  expect(back).toEqual(given)
  expect('nothing' in back).toBe(true)
  expect(Object.is(back.zero, -0)).toBe(true)
})

test("an object of the user's that looks like a tag stays an object", () => {
  const given = { $pilotflame: ['date', '2026-01-01T00:00:00.000Z'] }
  expect(throughJson(given)).toEqual(given)
})

const cycle: { self?: object } = {}
cycle.self = cycle
class Point {}
class Points extends Array<Point> {}
const deep = Array.from({ length: 20_000 }).reduce<unknown>((inner) => [inner], null)

test.each([
  [{ a: [1, { b: () => 1 }] }, /a\[1\]\.b is a function/],
  [{ p: new Point() }, /p is a Point/],
  [Symbol('x'), /The value is a symbol/],
  [cycle, /self is a cycle/],
  [[new Points()], /\[0\] is a Points/],
  [new Error('x'), /The value is a Error/],
  [{ a: { [Symbol('x')]: 1 } }, /a is an object with symbols as keys/],
  [deep, /is more than 500 levels deep/],
])('what cannot be recorded is refused with its place', (given, message) => expect(() => encodeValue(given)).toThrow(message))

test('a field may have any name', () => {
  const given = { constructor: { name: 'Point' }, toJSON: 1 }
  expect(throughJson(given)).toEqual(given)
})

test('the same thing twice is no cycle', () => {
  const shared = { a: 1 }
  expect(throughJson([shared, shared])).toEqual([{ a: 1 }, { a: 1 }])
})

test('canonical text does not depend on the order of keys', () => {
  expect(canonicalJson({ b: 1, a: [true, null, { d: 'x', c: 2 }] })).toBe('{"a":[true,null,{"c":2,"d":"x"}],"b":1}')
})
