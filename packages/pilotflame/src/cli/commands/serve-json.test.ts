/** What `pilot serve --json` writes: lines of JSON on stdout, and what flows print beside them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HELLO, Workspace } from '../test/pilot-process.ts'

const space = new Workspace()

beforeAll(async () => {
  space.write('hello.ts', `console.log('is loaded')\n${HELLO}`)
  const server = space.start(['server', 'start', '--json'])
  await server.said('\n')
  space.env.PILOTFLAME_API_URL = String((JSON.parse(server.output()) as { api_url: string }).api_url)
})
afterAll(() => space.remove())

test.each([[[]], [['--isolation', 'fresh']]])(
  'with --json %j it says as JSON that it is ready, and flows print to stderr',
  async (more) => {
    const executor = space.start(['serve', 'hello.ts:hello', '--name', 'greeter', '--json', ...more])
    await executor.said('"ready"')
    await space.run(['deployment', 'run', 'greeter', '--param', 'name=Ada', '--follow'])
    await executor.said('greets Ada')
    const { stdout, stderr } = await executor.stop()
    expect(JSON.parse(stdout)).toEqual({
      type: 'ready',
      api_url: space.env.PILOTFLAME_API_URL,
      deployments: ['hello/greeter'],
      pid: executor.child.pid,
    })
    expect(stderr).toMatch(/is loaded\n(.*\n)*greets Ada/)
  },
)
