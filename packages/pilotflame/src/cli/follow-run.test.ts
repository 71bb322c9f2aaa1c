/** What `--follow` shows of an answer that breaks off and is given again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Workspace } from './test/pilot-process.ts'

const space = new Workspace()

const BREAKING = `
import { flow } from 'pilotflame'
export const breaking = flow('breaking', async (_: object, run) => {
  run.stream('The answer ')
  if (run.attempt === 1) throw new Error('the line broke')
  run.stream('is 42.')
}, { retries: 1 })
`

beforeAll(async () => {
  space.write('breaking.ts', BREAKING)
  const server = space.start(['server', 'start', '--json'])
  await server.said('\n')
  space.env.PILOTFLAME_API_URL = String(JSON.parse(server.output().split('\n')[0] ?? '').api_url)
  await space.start(['serve', 'breaking.ts:breaking', '--on', 'break.now']).said('ready')
})
afterAll(() => space.remove())

test('an attempt that was interrupted is said to be so, and the next one begins anew', async () => {
  const { code, stdout } = await space.run(['event', 'emit', 'break.now', '--follow'])
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /\nThe answer \n✗ attempt 1 was interrupted: Error: the line broke\n↻ attempt 2\nThe answer is 42\.\n✓ Completed\n/,
  )
})

test('with --json it is an item between the chunks', async () => {
  const { stdout } = await space.run(['deployment', 'run', 'breaking', '--follow', '--json'])
  const items = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; attempt?: number })
  expect(items.map(({ type, attempt }) => (attempt === undefined ? type : `${type} ${attempt}`)).slice(-5)).toEqual([
    'chunk 1',
    'attempt_end 1',
    'chunk 2',
    'chunk 2',
    'end 2',
  ])
})
