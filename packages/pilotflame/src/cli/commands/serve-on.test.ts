/** What `pilot serve` does to the automation that an earlier one made. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HELLO, Workspace } from '../test/pilot-process.ts'

const space = new Workspace()

beforeAll(async () => {
  space.write('hello.ts', HELLO)
  const server = space.start(['server', 'start', '--json'])
  await server.said('\n')
  space.env.PILOTFLAME_API_URL = String((JSON.parse(server.output()) as { api_url: string }).api_url)
})
afterAll(() => space.remove())

/** Serves until it is ready, and gives what the automations wait for then. */
async function expectedAfter(...on: string[]): Promise<string[]> {
  const executor = space.start(['serve', 'hello.ts:hello', ...on])
  await executor.said('hello is ready')
  await executor.stop()
  const { stdout } = await space.run(['automation', 'ls', '--json'])
  return (JSON.parse(stdout) as { trigger: { expect: string[] } }[]).flatMap(({ trigger }) => trigger.expect)
}

test('--on makes one, nothing said leaves it, another --on changes it, and none takes it away', async () => {
  expect(await expectedAfter()).toEqual([])
  expect(await expectedAfter('--on', 'person.arrived')).toEqual(['person.arrived'])
  expect(await expectedAfter()).toEqual(['person.arrived'])
  expect(await expectedAfter('--on', 'person.left')).toEqual(['person.left'])
  expect(await expectedAfter('--on', 'none')).toEqual([])
})
