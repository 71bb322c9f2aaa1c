/** What a user installs: the packed package in an empty folder outside of the repository runs the README's example. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../source-files.ts'

const run = promisify(execFile)
const PACKAGE = join(ROOT, 'packages', 'pilotflame')
const folder = mkdtempSync(join(tmpdir(), 'pilotflame-packed-'))
const started: ChildProcess[] = []
/** Where the server is, once it was started. */
const env: Record<string, string> = { PILOTFLAME_HOME: join(folder, 'home') }
const bin = (name: string): string => join(ROOT, 'node_modules', '.bin', name)

/** Starts a program, and settles with the first line of its stdout that `wanted` accepts. */
function startUntil(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  wanted: (line: string) => boolean,
): Promise<string> {
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said += `${line}\n`
      if (wanted(line)) resolve(line)
    })
    child.on('exit', (code) => reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${said}`)))
  })
}

/** The code block between the README's markers. */
function readmeExample(): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const part = readme.split('<!-- example:start -->')[1]?.split('<!-- example:end -->')[0] ?? ''
  return /```ts\n([\s\S]*?)```/.exec(part)?.[1] ?? ''
}

beforeAll(async () => {
  await run(process.execPath, [join(ROOT, 'scripts', 'build.mjs'), '--types'], { cwd: ROOT })
  await run('npm', ['pack', '--pack-destination', folder], { cwd: PACKAGE })
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }))
  await run('npm', ['install', '--no-audit', '--no-fund', `./${tarball}`, '@types/node@24'], { cwd: folder })
})

afterAll(async () => {
  await Promise.all(
    started.map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      return ended
    }),
  )
  rmSync(folder, { recursive: true, force: true })
})

test("the README's example answers an event", async () => {
  const example = readmeExample()
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(20)
  writeFileSync(join(folder, 'hello.ts'), example)
  const pilot = join(folder, 'node_modules', '.bin', 'pilot')
  const ready = await startUntil(
    pilot,
    ['server', 'start', '--port', '0', '--home', join(folder, 'home'), '--json'],
    {},
    (line) => line.startsWith('{'),
  )
  const { api_url: apiUrl } = JSON.parse(ready) as { api_url: string }
  env.PILOTFLAME_API_URL = apiUrl
  await startUntil(process.execPath, ['hello.ts'], env, (line) => line.includes('is ready'))
  const command = /npx pilot (event emit .*--follow)/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1] ?? ''
  const { stdout } = await run('sh', ['-c', `${pilot} ${command}`], { cwd: folder, env: { ...process.env, ...env } })
  expect(stdout).toMatch(/Completed/)
  expect(stdout).toMatch(/hello/i)
})

const FRESH = `
import { flow } from 'pilotflame'
export const fresh = flow('fresh', async (_: object, run) => run.stream('from process ' + process.pid))
if (import.meta.main) await fresh.serve({ on: 'fresh.now', isolation: 'fresh' })
`

test('runs in processes of their own, whose program is one file', async () => {
  writeFileSync(join(folder, 'fresh.ts'), FRESH)
  await startUntil(process.execPath, ['fresh.ts'], env, (line) => line.includes('fresh is ready'))
  const pilot = join(folder, 'node_modules', '.bin', 'pilot')
  const emit = () => run(pilot, ['event', 'emit', 'fresh.now', '--follow'], { cwd: folder, env: { ...process.env, ...env } })
  const texts = [(await emit()).stdout, (await emit()).stdout]
  const [first, second] = texts.map((text) => /from process (\d+)/.exec(text)?.[1])
  expect(texts.join()).toMatch(/Completed[\s\S]*Completed/)
  expect(first).not.toBe(second)
  const [bundle = ''] = readdirSync(join(folder, 'node_modules', '.pilotflame')).filter((name) => /^fresh-\w+\.mjs$/.test(name))
  expect(readFileSync(join(folder, 'node_modules', '.pilotflame', bundle), 'utf8')).not.toMatch(/^import .*['"]pilotflame['"]/m)
})

test('the types hold for a strict user', async () => {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { strict: true, module: 'nodenext', target: 'es2024', noEmit: true, types: ['node'], skipLibCheck: false },
      include: ['hello.ts'],
    }),
  )
  await run(bin('tsc'), ['-p', folder])
})

test('the package is put together as its exports say', async () => {
  const { stdout } = await run(bin('publint'), ['--strict', PACKAGE])
  expect(stdout).toMatch(/All good|no issues/i)
  await run(bin('attw'), ['--pack', PACKAGE, '--profile', 'esm-only'])
})
