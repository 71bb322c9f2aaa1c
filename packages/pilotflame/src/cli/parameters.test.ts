import { expect, test } from 'vitest'
import { readParameters, strangers } from './parameters.ts'

const schema = { type: 'object', properties: { name: { type: 'string' }, count: { type: 'number' } } }

test('JSON where it is some, text otherwise', () => {
  expect(readParameters(['a=1', 'b=true', 'c={"x":[1]}', 'd=hello world', 'e=a=b'], null)).toEqual({
    a: 1,
    b: true,
    c: { x: [1] },
    d: 'hello world',
    e: 'a=b',
  })
})

test('text where the schema wants text', () => {
  expect(readParameters(['name=12', 'count=12'], schema)).toEqual({ name: '12', count: 12 })
})

test('a parameter without a name is refused', () => {
  expect(() => readParameters(['=1'], null)).toThrow('--param name=value')
})

test('an unknown name is answered with the nearest one', () => {
  expect(strangers({ nme: 'Ada' }, schema)).toEqual(['The deployment has no parameter "nme"; did you mean "name"?'])
  expect(strangers({ name: 'Ada' }, schema)).toEqual([])
})
