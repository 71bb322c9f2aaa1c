import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findFlowFiles, kindOf, mayHoldFlows } from './find-flow-files.ts'

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

// Root may read everything.
test.skipIf(process.getuid?.() === 0)('what may not be read is passed over', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotflame-find-'))
  const flows = join(folder, 'flows.ts')
  writeFileSync(flows, `${IMPORT}export const hello = flow('hello', async () => 1)`)
  mkdirSync(join(folder, 'database'), { mode: 0o000 })
  writeFileSync(join(folder, 'secret.ts'), '', { mode: 0o000 })
  expect(findFlowFiles(folder)).toEqual([{ path: flows, kind: 'exports' }])
  rmSync(folder, { recursive: true })
})
