/** `pilot run why` and `pilot deployment pause`, with a real server. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HELLO, type Running, Workspace } from '../test/pilot-process.ts'

const space = new Workspace()
let executor: Running

beforeAll(async () => {
  space.write('hello.ts', HELLO)
  const server = space.start(['server', 'start', '--json'])
  await server.said('\n')
  space.env.PILOTFLAME_API_URL = String(JSON.parse(server.output()).api_url)
  executor = space.start(['serve', 'hello.ts:hello', '--name', 'hello', '--on', 'person.arrived'])
  await executor.said('hello is ready')
})
afterAll(() => space.remove())

const start = ['deployment', 'run', 'hello', '--param', 'name=Ada']

test('a run that has ended: how, and what took its time', async () => {
  await space.run([...start, '--follow'])
  const { code, stdout } = await space.run(['run', 'why', 'latest'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/Completed\nIt is Completed\. It took [\d.]+ ms/)
})

test('a paused deployment: the command that resumes it is one that works', async () => {
  expect((await space.run(['deployment', 'pause', 'hello'])).stdout).toContain('hello/hello is paused')
  await space.run(start)
  const why = JSON.parse((await space.run(['run', 'why', 'latest', '--json'])).stdout)
  expect(why).toMatchObject({ reason: 'deployment_paused', command: 'pilot deployment resume hello/hello' })
  const { code } = await space.run(why.command.split(' ').slice(1))
  expect(code).toBe(0)
  await expect
    .poll(async () => (await space.run(['flow-run', 'why', 'latest'])).stdout, { timeout: 10_000 })
    .toContain('It is Completed')
})

test('no executor: the command that starts one', async () => {
  await executor.stop()
  await space.run(start)
  const { stdout } = await space.run(['run', 'why', 'latest'])
  expect(stdout).toMatch(
    /no executor of hello\/hello is connected; start one\.\n {2}pilot serve hello\.ts:hello --name hello --on person\.arrived\n/,
  )
  expect((await space.run(['run', 'cancel', 'latest'])).stdout).toContain('Cancelled')
  const again = await space.run(['run', 'cancel', 'latest'])
  expect([again.code, again.stdout + again.stderr]).toEqual([3, expect.stringMatching(/was not cancelled: [^.]+\.\n$/)])
})
