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
import { runInThisContext } from 'node:vm'
function ofProgram() { return 'program' }
runInThisContext('function compiledLater() { return 1 }; compiledLater()')
console.log(ofProgram(), ofPackage())
`

let folder: string
let bundle: Awaited<ReturnType<typeof bundleProgram>>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotflame-compile-'))
  const packageFolder = join(folder, 'node_modules', 'package-of-others')
  mkdirSync(packageFolder, { recursive: true })
  writeFileSync(join(packageFolder, 'package.json'), '{ "type": "module", "exports": "./index.js" }')
  writeFileSync(join(packageFolder, 'index.js'), "export function ofPackage() { return 'package' }\n")
  writeFileSync(join(folder, 'program.mjs'), PROGRAM)
  bundle = await bundleProgram({ file: join(folder, 'program.mjs'), whole: true })
})

afterAll(() => rmSync(folder, { recursive: true }))

/** What the third process of several had to parse, as `name of the function: event of the log`. */
function parsedByThird(path: string, execArgv: readonly string[], env: Readonly<Record<string, string>>): Set<string> {
  const log = join(folder, 'v8.log')
  const logged = ['--log-function-events', '--no-logfile-per-isolate', `--logfile=${log}`]
  for (let round = 0; round < 3; round += 1) {
    const said = execFileSync(process.execPath, [...logged, ...execArgv, path], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    })
    expect(said).toBe('program package\n')
  }
  const events = readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => line.split(','))
  return new Set(
    events.filter(([kind, what]) => kind === 'function' && /parse/.test(what ?? '')).map((event) => event.at(-1) ?? ''),
  )
}

test('a process reads the compiled functions of its program, and compiles all others when they are called', () => {
  const { execArgv, env } = compiledCode(bundle, { PILOTFLAME_HOME: folder })
  const parsed = parsedByThird(bundle.path, execArgv, env)
  expect(parsed).not.toContain('ofProgram')
  expect(parsed).toContain('ofPackage')
  expect(parsed).toContain('compiledLater')
  expect(parsedByThird(bundle.path, [], env)).toContain('ofProgram')
})

test('the packages may be in a folder that is a link', () => {
  const { execArgv, env } = compiledCode(bundle, { PILOTFLAME_HOME: folder })
  const link = join(folder, 'link')
  symlinkSync(dirname(bundle.path), link)
  expect(parsedByThird(join(link, basename(bundle.path)), execArgv, env)).not.toContain('ofProgram')
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
