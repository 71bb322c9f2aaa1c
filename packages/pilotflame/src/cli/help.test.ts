/** What `--help` and what is shown look like in few columns, also where COLUMNS says them. */
import { afterAll, expect, test } from 'vitest'
import { HELLO, Workspace } from './test/pilot-process.ts'
import { textWidth } from './text-width.ts'

const space = new Workspace()
afterAll(() => space.remove())

async function show(args: readonly string[], columns: number): Promise<string[]> {
  space.env.COLUMNS = String(columns)
  return (await space.run(args)).stdout.split('\n')
}

/** A quoted payload cannot be broken. */
const tooWide = (lines: readonly string[], columns: number): string[] =>
  lines.filter((line) => textWidth(line) > columns && !line.includes(`'{`))

test.each([
  ['--help'],
  ['run', '--help'],
  ['serve', '--help'],
  ['event', 'emit', '--help'],
  ['automation', 'create', '--help'],
  ['config', 'view'],
])('no line of pilot %s %s is wider than 40 columns', async (...args) => {
  expect(tooWide(await show(args, 40), 40)).toEqual([])
})

test('in few columns what a word means stands below it, and an example can still be pasted', async () => {
  const lines = await show(['serve', '--help'], 40)
  const text = lines.join('\n')
  expect(text).toContain("  --name <name>\n      the deployment's name; default:\n      the flow's\n")
  expect(text).toContain('  $ pilot serve chatbot.ts:chatbot \\\n      --name chatbot --on chat.message\n')
})

test('in many columns it stands beside it', async () => {
  const lines = await show(['run', '--help'], 120)
  expect(lines).toContain('  why <run>                      says what it waits for, and what mends that')
})

test('what a run waits for is broken between words, and the command that starts it stays whole', async () => {
  space.write('hello.ts', HELLO)
  const server = space.start(['server', 'start', '--json'])
  await server.said('\n')
  space.env.PILOTFLAME_API_URL = String((JSON.parse(server.output()) as { api_url: string }).api_url)
  const executor = space.start(['serve', 'hello.ts:hello', '--on', 'a.rather.long.name.of.an.event'])
  await executor.said('hello is ready')
  await executor.stop()
  await space.run(['deployment', 'run', 'hello', '--param', 'name=Ada'])
  const command = '  pilot serve hello.ts:hello --name hello --on a.rather.long.name.of.an.event'
  for (const args of [
    ['run', 'why', 'latest'],
    ['run', 'inspect', 'latest'],
    ['deployment', 'inspect', 'hello'],
  ]) {
    const lines = await show(args, 40)
    expect(lines).toContain(command)
    expect(tooWide(lines, 40)).toEqual([command])
  }
})
