/** A real bundle in real processes, which say in V8's own log what they compiled. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleProgram } from '../bundle/bundle-program.ts'
import { compiledCode } from './code-cache.ts'

const PROGRAM = `
import { ofPackage } from 'package-of-others'
function ofProgram() { return 'program' }
console.log(ofProgram(), ofPackage())
`
/** It imports nothing, and code comes to it while it runs. */
const ALONE = `
function ofProgram() { return 'program' }
process.getBuiltinModule('node:vm').runInThisContext('function compiledLater() { return "later" }; compiledLater()')
console.log(ofProgram(), 'alone')
`

let folder: string
let bundle: Awaited<ReturnType<typeof bundleProgram>>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotflame-compile-'))
  const packageFolder = join(folder, 'node_modules', 'package-of-others')
  mkdirSync(packageFolder, { recursive: true })
  writeFileSync(join(packageFolder, 'package.json'), '{ "type": "module", "exports": "./index.js" }')
  writeFileSync(join(packageFolder, 'index.js'), "export function ofPackage() { return 'package' }\n")
  bundle = await bundled('program.mjs', PROGRAM)
})

function bundled(name: string, text: string): ReturnType<typeof bundleProgram> {
  writeFileSync(join(folder, name), text)
  return bundleProgram({ file: join(folder, name), whole: true })
}

afterAll(() => rmSync(folder, { recursive: true }))

/**
 * Functions that the third process of several had to parse: all that it compiled, or those alone that it passed over first,
 * to compile them when they are called.
 */
function parsedByThird(
  path: string,
  { execArgv, env }: Pick<ReturnType<typeof compiledCode>, 'env' | 'execArgv'>,
  event = /parse/,
): Set<string> {
  const log = join(folder, 'v8.log')
  const logged = ['--log-function-events', '--no-logfile-per-isolate', `--logfile=${log}`]
  for (let round = 0; round < 3; round += 1) {
    const said = execFileSync(process.execPath, [...logged, ...execArgv, path], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    })
    expect(said).toMatch(/^program (package|alone)\n$/)
  }
  const events = readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => line.split(','))
  return new Set(
    events.filter(([kind, what]) => kind === 'function' && event.test(what ?? '')).map((entry) => entry.at(-1) ?? ''),
  )
}

test('a process reads the compiled functions of its program, and compiles all others when they are called', () => {
  const compiled = compiledCode(bundle, { PILOTFLAME_HOME: folder })
  const parsed = parsedByThird(bundle.path, compiled)
  expect(parsed).not.toContain('ofProgram')
  expect(parsed).toContain('ofPackage')
  expect(parsedByThird(bundle.path, { ...compiled, execArgv: [] })).toContain('ofProgram')
})

test('what a program loads while it runs is compiled when it is called, also where the program imports nothing', async () => {
  const alone = await bundled('alone.mjs', ALONE)
  const compiled = compiledCode(alone, { PILOTFLAME_HOME: folder })
  const passedOver = parsedByThird(alone.path, compiled, /preparse/)
  expect(passedOver).not.toContain('ofProgram')
  expect(passedOver).toContain('compiledLater')
})

test('the packages may be in a folder that is a link', () => {
  const compiled = compiledCode(bundle, { PILOTFLAME_HOME: folder })
  const link = join(folder, 'link')
  symlinkSync(dirname(bundle.path), link)
  expect(parsedByThird(join(link, basename(bundle.path)), compiled)).not.toContain('ofProgram')
})

test('a large program is compiled function by function, and so is one whose compiled code is not kept', () => {
  const home = { PILOTFLAME_HOME: folder }
  expect(compiledCode({ chars: 500_000 }, home).execArgv).toEqual([expect.stringMatching(/^--import=file:.*compile-whole\.mjs$/)])
  expect(compiledCode({ chars: 500_001 }, home).execArgv).toEqual([])
  expect(compiledCode(bundle, { ...home, NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual({ env: {}, execArgv: [] })
  expect(compiledCode(bundle, { NODE_COMPILE_CACHE: folder })).toMatchObject({
    env: {},
    execArgv: [expect.stringContaining('compile-whole')],
  })
})
