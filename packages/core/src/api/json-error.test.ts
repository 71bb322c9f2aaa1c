import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findJsonFault } from './json-error.ts'

const check = (text: string, line: number, column: number, message: string | RegExp) => {
  expect(() => JSON.parse(text)).toThrow()
  const fault = findJsonFault(text)
  expect({ line: fault?.line, column: fault?.column }).toEqual({ line, column })
  expect(fault?.message).toMatch(message)
}

describe('the first fault of a text that is not JSON', () => {
  test('an empty text', () => check('', 1, 1, 'expected a value, but the text ends here'))
  test('blanks alone', () => check(' \n ', 2, 2, 'the text ends here'))
  test('a comma too many in an object', () => check('{"a": 1,}', 1, 9, 'comma stands before'))
  test('a comma too many in a list', () => check('[1,\n2,\n]', 3, 1, 'comma stands before'))
  test('a comma that is missing', () => check('{\n  "a": 1\n  "b": 2\n}', 3, 3, 'expected "," or "}"'))
  test('a name without quotes', () => check('{a: 1}', 1, 2, 'a name in double quotes, but found "a"'))
  test('single quotes', () => check('{"a": \'b\'}', 1, 7, 'double quotes'))
  test('a colon that is missing', () => check('{"a" 1}', 1, 6, 'expected ":"'))
  test('an end that is missing', () => check('{"a": [1, 2', 1, 12, 'expected "," or "]", but the text ends here'))
  test('the wrong bracket', () => check('[1}', 1, 3, 'expected "," or "]", but found "}"'))
  test('a word that JSON does not know', () => check('{"a": None}', 1, 7, 'found "None"'))
  test('undefined', () => check('undefined', 1, 1, 'found "undefined"'))
  test('NaN', () => check('[NaN]', 1, 2, 'found "NaN"'))
  test('a number that starts with 0', () => check('[01]', 1, 3, 'expected "," or "]"'))
  test('a number with a plus', () => check('[+1]', 1, 2, 'expected a value'))
  test('a number that ends with a point', () => check('[1.]', 1, 3, 'expected "," or "]"'))
  test('a lone minus', () => check('-', 1, 1, 'expected a value'))
  test('a string without an end', () => check('{"a": "bc', 1, 7, 'no closing quote'))
  test('a line break in a string', () => check('{"a": "b\nc"}', 1, 9, 'must be escaped'))
  test('an unknown escape', () => check('["\\x"]', 1, 3, 'no escape'))
  test('a short unicode escape', () => check('["\\u12"]', 1, 3, 'no escape'))
  test('something behind the end', () => check('{} {}', 1, 4, 'complete before this'))
  test('a comment', () => check('{} // yes', 1, 4, 'found "/"'))
  test('Windows line breaks', () => check('{\r\n"a": x}', 2, 6, 'found "x"'))
  test('a line of it counts from its own start', () => check('[\n\n  1,\n    ?]', 4, 5, 'found "?"'))
  test('a form body', () => check('a=1&b=2', 1, 1, 'found "a"'))
  test('nesting that would break a recursive reader', () => check('['.repeat(200_000), 1, 200_001, 'the text ends'))
})

test('it agrees with JSON.parse about what is JSON', () => {
  const nearJson = fc.oneof(
    fc.json(),
    fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', '0', '\\', ' ')).map(([text, at, put]) => {
      const place = at % (text.length + 1)
      return text.slice(0, place) + put + text.slice(place + 1)
    }),
    fc.string(),
  )
  fc.assert(
    fc.property(nearJson, (text) => {
      let json = true
      try {
        JSON.parse(text)
      } catch {
        json = false
      }
      expect(findJsonFault(text) === undefined).toBe(json)
    }),
    { numRuns: 1000 },
  )
})
