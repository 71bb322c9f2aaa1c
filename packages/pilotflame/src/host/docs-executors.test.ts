/** The programs of docs/executors.md do what the page says. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROCESS_DEFAULTS } from '@pilotflame/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { install } from '../../../../tests/harness/built.ts'
import { startTestServer, type TestServer } from '../../../../tests/harness/server.ts'
import { type Program, resultOf, startProgram, startRun } from '../../../../tests/harness/serving-program.ts'

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'executors.md'), 'utf8')
const programs = [...PAGE.matchAll(/<!-- runs -->\n```ts\n([\s\S]*?)```/g)].map(([, text]) => text ?? '')

let server: TestServer
const folder = mkdtempSync(join(tmpdir(), 'pilotflame-docs-'))
const started: Program[] = []

beforeAll(async () => {
  server = await startTestServer()
  install(folder)
  writeFileSync(join(folder, 'names.json'), '["Ada","Bo"]')
})

afterAll(async () => {
  await Promise.all(started.map((program) => program.stop()))
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function serve(name: string, text: string): Promise<string> {
  writeFileSync(join(folder, name), text)
  const program = startProgram({ folder, server, args: [name] })
  started.push(program)
  await program.said(' ready')
  return program.output()
}

const run = async (event: string, payload: object) => resultOf(server, await startRun(server, event, payload))

test('the page has three programs that run', () => expect(programs).toHaveLength(3))

test('each run gets a process of its own, and the host says so', async () => {
  const said = await serve('report.ts', programs[0] ?? '')
  const line = /```text\n(.*) · /.exec(PAGE)?.[1] ?? 'missing'
  expect(said).toContain(line)
  const one = (await run('day.ended', { day: 'Monday' })) as { day: string; process: number }
  const two = (await run('day.ended', { day: 'Tuesday' })) as { day: string; process: number }
  expect([one.day, two.day]).toEqual(['Monday', 'Tuesday'])
  expect(one.process).not.toBe(two.process)
})

test('what onStart has loaded is there for the run', async () => {
  await serve('greet.ts', programs[1] ?? '')
  expect(await run('greet.now', { n: 1 })).toBe('Hello, Bo!')
})

test('the variables of a deployment reach its own processes alone', async () => {
  await serve('keys.ts', programs[2] ?? '')
  expect(await run('order.paid', {})).toEqual({ key: 'the key of pay', mail: null })
  expect(await run('order.sent', {})).toEqual({ key: null, mail: 'the key of mail' })
})

test('the defaults are those of the code', () => {
  const spaced = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
  const { warm, timeoutMs: _, ...numbers } = PROCESS_DEFAULTS
  for (const [name, value] of Object.entries(numbers)) {
    expect(PAGE).toMatch(new RegExp(`\\| \`${name}\`\\s+\\| ${spaced(value)} `))
  }
  expect(PAGE).toContain(`{ min: ${warm.min}, max: ${warm.max}, idleMs: 60_000 }`)
})
