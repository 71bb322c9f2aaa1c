import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Bundle, bundleProgram } from './bundle-program.ts'

let folder: string

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'pilotflame-bundle-')))
  write('package.json', '{"type":"module"}')
  mkdirSync(join(folder, 'node_modules'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

const run = ({ path }: Bundle): string => execFileSync(process.execPath, [path], { encoding: 'utf8' }).trim()
const whole = (text: string, name = 'main.ts') => bundleProgram({ file: write(name, text), whole: true })

test('installed packages stay where they are, linked ones become part of it', async () => {
  write('node_modules/installed/package.json', '{"name":"installed","type":"module","exports":"./index.js"}')
  write('node_modules/installed/index.js', "export const place = 'installed at ' + import.meta.url")
  write('packages/linked/package.json', '{"name":"linked","type":"module","exports":"./index.ts"}')
  write('packages/linked/index.ts', "export const kind: string = 'linked'")
  symlinkSync(join(folder, 'packages', 'linked'), join(folder, 'node_modules', 'linked'))
  const bundle = await whole("import { place } from 'installed'; import { kind } from 'linked'; console.log(kind, place)")
  expect(run(bundle)).toBe(`linked installed at file://${folder}/node_modules/installed/index.js`)
  expect(readFileSync(bundle.path, 'utf8')).not.toContain('installed at')
  expect([...bundle.inputs]).toContain(join(folder, 'packages', 'linked', 'index.ts'))
})

test("Node's modules work in every way that they are taken, and bring no late names with them", async () => {
  const bundle = await whole(`
    import fs, { existsSync as exists } from 'node:fs'
    import * as path from 'path'
    const { createHash } = await import('node:crypto')
    console.log(exists('/'), fs.existsSync('/'), path.join('a', 'b'), createHash('md5').update('').digest('hex').length)
  `)
  expect(run(bundle)).toBe('true true a/b 32')
  expect(readFileSync(bundle.path, 'utf8')).not.toMatch(/from ['"]node:/)
})

test('code that calls require still finds it', async () => {
  write('old.cjs', "const name = 'node:os'; module.exports = require(name).EOL.length + require('./data.json').n")
  write('data.json', '{"n":41}')
  expect(run(await whole("import old from './old.cjs'; console.log(old)"))).toBe('42')
})

test('a program still knows its place, and that it is the main one', async () => {
  write('part.cjs', 'module.exports = [__dirname, require.main === module]')
  const bundle = await whole(`
    import { fileURLToPath } from 'node:url'
    import part from './part.cjs'
    console.log(process.argv[1] === fileURLToPath(import.meta.url), import.meta.main, import.meta.dirname, ...part)
  `)
  expect(run(bundle)).toBe(`true true ${folder} ${folder} false`)
  const old = await whole('console.log(require.main === module, __filename)', 'old.cjs')
  expect(run(old)).toBe(`true ${join(folder, 'old.cjs')}`)
})

test('a program of its own text sees the file beside it, which is not the main one', async () => {
  const file = write('flows.ts', 'export const main = import.meta.main, here: string = import.meta.dirname')
  const text = `import * as file from ${JSON.stringify(file)}; console.log(file.main, file.here)`
  expect(run(await bundleProgram({ file, text, whole: true }))).toBe(`false ${folder}`)
})

test('the version is that of the code: another folder has the same, another file that it imports has not', async () => {
  const main = "import { n } from './part.ts'; console.log(n)"
  write('one/part.ts', 'export const n = 1')
  write('two/part.ts', 'export const n = 1')
  write('three/part.ts', 'export const n = 2')
  const [one, two, three] = await Promise.all(['one', 'two', 'three'].map((name) => whole(main, `${name}/main.ts`)))
  expect(one?.version).toBe(two?.version)
  expect(one?.version).not.toBe(three?.version)
})

test('bundles that are older than a month go', async () => {
  const old = write('node_modules/.pilotflame/old-0123.mjs', '')
  const month = Date.now() / 1000 - 31 * 24 * 3_600
  utimesSync(old, month, month)
  const { path } = await whole('export {}')
  expect([existsSync(old), existsSync(path)]).toEqual([false, true])
})

test('a file that cannot be read is named with its place', async () => {
  await expect(whole('export const = 1')).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/main\.ts:1:14: /),
  })
})
