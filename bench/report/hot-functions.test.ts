import { expect, test } from 'vitest'
import { hotFunctions } from './hot-functions.ts'

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 })

test('a function that stands at several places of the tree is one, and waiting is none', () => {
  const nodes = [
    { id: 1, callFrame: frame('(idle)') },
    { id: 2, callFrame: frame('parse', 'file:///a/b.js') },
    { id: 3, callFrame: frame('parse', 'file:///a/b.js') },
    { id: 4, callFrame: frame('', 'file:///a/c.js') },
  ]
  const profile = { nodes, samples: [1, 2, 3, 4], timeDeltas: [9_000, 1_000, 2_000, 500] }
  expect(hotFunctions(profile)).toEqual([
    { name: 'parse b.js:10', selfMs: 3 },
    { name: '(anonymous) c.js:10', selfMs: 0.5 },
  ])
})
