import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { PILOT } from '../../../../tests/harness/built.ts'
import manifest from '../../package.json' with { type: 'json' }
import { NODE_MIN, tooOld } from './node-version.ts'
import { Workspace } from './test/pilot-process.ts'

const space = new Workspace()
afterAll(() => space.remove())

test('an older Node is told which one is needed', () => {
  expect(tooOld('20.20.2')).toBe('Node 20.20.2 is too old for pilot: use Node 22.18 or later (https://nodejs.org).')
  expect(tooOld('22.17.1')).toContain('too old')
  expect(['22.18.0', '22.20.0', '24.0.0'].map(tooOld)).toEqual([undefined, undefined, undefined])
})

test('the package asks npm for the same one', () => {
  expect(manifest.engines.node).toBe(`>=${NODE_MIN}`)
})

/** What Node loads together with a file, before its first line runs. */
function loadedWith(path: string): string[] {
  const names = [...readFileSync(path, 'utf8').matchAll(/^import\b[^'"(]*['"](.+?)['"]/gm)].map(([, name]) => String(name))
  return names.flatMap((name) => (name.startsWith('.') ? loadedWith(join(dirname(path), name)) : [name]))
}

test('pilot looks at its Node before it loads anything that an older one could not', async () => {
  expect([...new Set(loadedWith(PILOT))]).toEqual(['node:module'])
  space.write('old.mjs', `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } })`)
  space.env.NODE_OPTIONS = '--import ./old.mjs'
  const { code, stdout, stderr } = await space.run(['--version'])
  expect([code, stdout, stderr]).toEqual([2, '', `${tooOld('18.20.8')}\n`])
})
