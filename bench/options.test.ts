import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

const groups = ['path', 'steps']

test('without options everything is measured in full', () => {
  expect(readOptions([], groups)).toMatchObject({ quick: false, only: [], profile: false })
})

test('groups can be chosen, and one that is not there is named with those that are', () => {
  expect(readOptions(['--quick', '--only', 'path', '--only=steps'], groups).only).toEqual(['path', 'steps'])
  expect(() => readOptions(['--only', 'speed'], groups)).toThrow('There is no group "speed": use path, steps.')
})
