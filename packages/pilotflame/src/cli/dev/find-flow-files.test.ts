import { expect, test } from 'vitest'
import { kindOf, mayHoldFlows } from './find-flow-files.ts'

const IMPORT = "import { flow } from 'pilotflame'\n"

test.each([
  [`${IMPORT}export const hello = flow('hello', async () => 1)`, 'exports'],
  [`${IMPORT}export const hello = flow('hello', async () => 1)\nif (import.meta.main) await hello.serve()`, 'serves'],
  [`${IMPORT}export default flow<Given, string>('hello', async () => 1)`, 'exports'],
  [`${IMPORT}export const hello = flow('hello', f)\n// await hello.serve()`, 'exports'],
  [`${IMPORT}const hidden = flow('hello', f)`, undefined],
  ["import { flow } from 'other'\nexport const x = flow('a', f)", undefined],
  ["import { connect } from 'pilotflame'\nexport const client = connect()", undefined],
])('%j is %s', (text, kind) => expect(kindOf(text)).toBe(kind))

test('tests, declarations and settings are no flow files', () => {
  expect(['a.ts', 'a.mts', 'a.js', 'a.test.ts', 'a.d.ts', 'vitest.config.ts', 'a.json'].filter(mayHoldFlows)).toEqual([
    'a.ts',
    'a.mts',
    'a.js',
  ])
})
