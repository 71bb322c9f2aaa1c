import { expect, test } from 'vitest'
import { nearest } from './suggest.ts'

const fields = ['name', 'trigger', 'actions', 'actions_on_trigger', 'enabled']

test('a misspelt field is found', () => {
  expect(nearest('triger', fields)).toBe('trigger')
  expect(nearest('action', fields)).toBe('actions')
})

test('two swapped letters are one mistake', () => expect(nearest('nmae', ['name', 'page'])).toBe('name'))

test('case does not count', () => expect(nearest('REACTIVE', ['Reactive', 'Proactive'])).toBe('Reactive'))

test('something else is not suggested', () => {
  expect(nearest('colour', fields)).toBeUndefined()
  expect(nearest('x', ['y'])).toBeUndefined()
  expect(nearest('', fields)).toBeUndefined()
})

test('of two near ones the nearer wins', () => expect(nearest('thresholds', ['threshhold', 'threshold'])).toBe('threshold'))
