import { expect, test } from 'vitest'
import { isAppError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { compileParameterSchema, mergeParameters } from './parameter-schema.ts'

const schema: JsonObject = {
  type: 'object',
  properties: {
    question: { type: 'string', minLength: 1 },
    count: { type: 'integer' },
    tone: { enum: ['kind', 'terse'] },
    nested: { type: 'object', properties: { 'a/b': { type: 'array', items: { type: 'number' } } } },
  },
  required: ['question'],
  additionalProperties: false,
}
const faults = (parameters: Record<string, unknown>) =>
  compileParameterSchema(schema)(parameters).map(({ loc, msg }) => `${loc.join('.')} ${msg}`)

test('what fits has no faults', () => expect(faults({ question: 'why?', count: 3, tone: 'kind' })).toEqual([]))

test('every fault is told at once, with the place of the value', () => {
  expect(faults({ count: 'three', tone: 'knd', nested: { 'a/b': [1, 'x'] } })).toEqual([
    'question is required and missing',
    'count should be an integer, and is "three"',
    'tone should be one of "kind", "terse", and is "knd"; did you mean "kind"?',
    'nested.a/b.1 should be a number, and is "x"',
  ])
})

test('a misspelt parameter is told with the one that was meant', () => {
  expect(faults({ question: 'why?', cuont: 3 })).toEqual(['cuont is no parameter of this flow; did you mean "count"?'])
})

test('a number that is text is not made a number', () => expect(faults({ question: 'x', count: '3' })).toHaveLength(1))

test('schemas of pydantic and of zod compile', () => {
  const pydantic = {
    title: 'P',
    type: 'object',
    properties: { x: { title: 'x', position: 0, $ref: '#/definitions/X' } },
    definitions: { X: { type: 'string' } },
  }
  expect(compileParameterSchema(pydantic)({ x: 1 })).toHaveLength(1)
  const zod = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { x: { $ref: '#/$defs/X' } },
    $defs: { X: { type: 'string' } },
  }
  expect(compileParameterSchema(zod)({ x: 1 })).toHaveLength(1)
})

const faultsIn = (property: JsonObject, value: unknown, definitions: JsonObject = {}) =>
  compileParameterSchema({ type: 'object', properties: { x: property }, definitions })({ x: value }).map(
    ({ loc, msg }) => `${loc.join('.')} ${msg}`,
  )

test.each<readonly [property: JsonObject, value: unknown, faults: string[]]>([
  [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, null, []],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, ['x should be a string or null, and is 1']],
  [
    { anyOf: [{ type: 'integer' }, { enum: ['all', 'none'] }] },
    'al',
    ['x should be an integer or one of "all", "none", and is "al"; did you mean "all"?'],
  ],
  // It is the object that was meant, so what is wrong inside of it is told.
  [
    { anyOf: [{ type: 'integer' }, { properties: { y: { type: 'integer' } } }] },
    { y: 'z' },
    ['x.y should be an integer, and is "z"'],
  ],
  [
    { oneOf: [{ type: 'integer' }, { type: 'number' }] },
    1,
    ['x should fit exactly one of the forms that are allowed, and fits more: 1'],
  ],
  [{ type: 'integer', minimum: 1, maximum: 5 }, 7, ['x should be at most 5, and is 7']],
  [{ type: 'string', minLength: 1 }, '', ['x should have at least 1 character, and is ""']],
  [{ type: 'string', format: 'date-time' }, 'yesterday', ['x should be of the format date-time, and is "yesterday"']],
  [{ type: 'string', format: 'time-delta' }, 'PT5S', []], // a format that is not known
  [{ type: 'string', pattern: '(?P<word>a)' }, 'b', []], // a pattern that only Python can read
  [{ type: 'object', additionalProperties: { type: 'integer' } }, { 1: 'a' }, ['x.1 should be an integer, and is "a"']],
])('%j with %j', (property, value, wanted) => expect(faultsIn(property, value)).toEqual(wanted))

test('an enum of pydantic', () => {
  expect(faultsIn({ allOf: [{ $ref: '#/definitions/C' }] }, 'gren', { C: { enum: ['red', 'green'] } })).toEqual([
    'x should be one of "red", "green", and is "gren"; did you mean "green"?',
  ])
})

test('nothing is changed in what is checked', () => {
  const given = Object.freeze({ x: '1' })
  compileParameterSchema({ type: 'object', properties: { x: { type: 'integer' }, y: { default: 1 } } })(given)
  expect(given).toEqual({ x: '1' })
})

test('the same schema, and one of the same name, can be compiled again', () => {
  const named = (type: string) => ({ $id: 'mine', type: 'object', properties: { x: { $id: 'part', type } } })
  expect(compileParameterSchema(named('string'))({ x: 1 })).toHaveLength(1)
  expect(compileParameterSchema(named('integer'))({ x: 1 })).toHaveLength(0)
})

test('what is no schema is told in a sentence', () => {
  const compile = () => compileParameterSchema({ type: 'objekt' })
  expect(compile).toThrow(/parameter schema cannot be used/)
  try {
    compile()
  } catch (error) {
    expect(isAppError(error) && error.code).toBe('invalid_parameters')
  }
})

test('no schema fits everything', () => expect(compileParameterSchema(null)({ anything: 1 })).toEqual([]))

test('given parameters stand over those of the deployment', () => {
  expect(mergeParameters({ a: 1, b: 2 }, { b: 3 })).toEqual({ a: 1, b: 3 })
})
