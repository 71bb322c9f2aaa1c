import { expect, test } from 'vitest'
import { readStateFilter } from './run.ts'

test('a state is a type or a name, in any case', () => {
  expect(readStateFilter([])).toBeUndefined()
  expect(readStateFilter(['failed', 'Crashed'])).toEqual({ type: { any_: ['FAILED', 'CRASHED'] } })
  expect(readStateFilter(['late'])).toEqual({ name: { any_: ['Late'] } })
  expect(readStateFilter(['failed', 'late'])).toEqual({ name: { any_: ['Failed', 'Late'] } })
  expect(() => readStateFilter(['faild'])).toThrow('Did you mean Failed?')
})
