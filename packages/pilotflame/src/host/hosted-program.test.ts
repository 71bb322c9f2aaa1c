import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codeCacheFolder } from './code-cache.ts'
import { nodeOptionsFor, programOf } from './hosted-program.ts'

test('processes get the options of Node that are about code, not those about one process', () => {
  const given = ['--env-file=.env', '--inspect-brk=0', '--watch', '--watch-path', 'src', '--import', './setup.js']
  expect(nodeOptionsFor([...given, '--max-old-space-size=100'])).toEqual([
    '--disable-warning=ExperimentalWarning',
    '--env-file=.env',
    '--import',
    './setup.js',
  ])
})

test('the program is the file that Node was started with, and gets its arguments', () => {
  const program = programOf({ argv: ['node', import.meta.filename, 'a', '--b'], execArgv: [] })
  expect(program).toMatchObject({ program: { file: import.meta.filename }, args: ['a', '--b'] })
})

test('a program without a file is refused', () => {
  expect(() => programOf({ argv: ['node'], execArgv: [] })).toThrow('needs a program in a file')
})

test('who has a cache of compiled code, or wants none, keeps it so', () => {
  expect(codeCacheFolder({ NODE_COMPILE_CACHE: '/mine' })).toBeUndefined()
  expect(codeCacheFolder({ NODE_DISABLE_COMPILE_CACHE: '1' })).toBeUndefined()
  expect(codeCacheFolder({ PILOTFLAME_HOME: '/dev/null/no' })).toBeUndefined()
})

test('what was compiled more than a month ago goes', () => {
  const home = mkdtempSync(join(tmpdir(), 'pilotflame-cache-'))
  const folder = codeCacheFolder({ PILOTFLAME_HOME: home }) ?? ''
  for (const name of ['old', 'new']) writeFileSync(join(folder, name), '')
  const month = Date.now() / 1000 - 31 * 24 * 3_600
  utimesSync(join(folder, 'old'), month, month)
  codeCacheFolder({ PILOTFLAME_HOME: home })
  expect(readdirSync(folder)).toEqual(['new'])
  rmSync(home, { recursive: true })
})
