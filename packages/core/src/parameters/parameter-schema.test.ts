import { expect, test } from 'vitest'
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

test('no schema fits everything', () => expect(compileParameterSchema(null)({ anything: 1 })).toEqual([]))

test('given parameters stand over those of the deployment', () => {
  expect(mergeParameters({ a: 1, b: 2 }, { b: 3 })).toEqual({ a: 1, b: 3 })
})
