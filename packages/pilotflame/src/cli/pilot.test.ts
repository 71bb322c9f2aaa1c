import { afterAll, beforeAll, expect, test } from 'vitest'
import { PILOT } from '../../../../tests/harness/built.ts'
import { HELLO, type Running, Workspace } from './test/pilot-process.ts'

const space = new Workspace()
let server: Running
let executor: Running

const json = (text: string): unknown => JSON.parse(text)
const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const serve = () => space.start(['serve', 'hello.ts:hello', '--name', 'hello', '--on', 'person.arrived'])

beforeAll(async () => {
  space.write('hello.ts', HELLO)
  space.write('two.ts', `${HELLO}\nexport const bye = flow('bye', async () => 'Bye!')\n`)
  server = space.start(['server', 'start', '--json'])
  await server.said('\n')
  const [ready] = lines(server.output())
  expect(ready).toMatchObject({ type: 'ready', home: space.env.PILOTFLAME_HOME, ready_ms: expect.any(Number) })
  space.env.PILOTFLAME_API_URL = String(ready?.api_url)
  executor = serve()
  await executor.said('hello is ready: waiting for person.arrived')
})
afterAll(() => space.remove())

test('an event starts a run, whose output streams, followed by its end and its timeline', async () => {
  const { code, stdout, stderr } = await space.run(['event', 'emit', 'person.arrived', '--data', '{"name":"Ada"}', '--follow'])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(
    /"hello" fired: 1 run\n▶ hello\/hello · \S+ \w{8}\nHello, Ada! \n✓ Completed\nreceived 0\.0 → .* → completed [\d.]+ ms\n$/,
  )
})

test('with --json every line is JSON, chunks included', async () => {
  const { code, stdout } = await space.run(
    ['event', 'emit', 'person.arrived', '--data', '-', '--follow', '--json'],
    '{"name":"Eve"}',
  )
  const items = lines(stdout)
  expect(code).toBe(0)
  expect(items.map(({ type }) => type)).toEqual(['event', 'verdict', 'run', 'chunk', 'chunk', 'end'])
  expect(items.at(-1)).toMatchObject({ state_type: 'COMPLETED', timeline: { received: 0, completed: expect.any(Number) } })
})

test('a run that failed is exit code 1, and says why', async () => {
  const { code, stdout } = await space.run(['deployment', 'run', 'hello', '--param', 'name=bad', '--follow'])
  expect(code).toBe(1)
  expect(stdout).toContain('✗ Failed: Error: this name is bad')
})

test('parameters that do not fit are named by their path', async () => {
  const { code, stdout } = await space.run(['event', 'emit', 'person.arrived', '--data', '{}', '--follow'])
  expect(code).toBe(1)
  expect(stdout).toMatch(/the parameters do not fit the deployment:\n {2}name: is required/)
})

test('an event that matches nothing is answered with the nearest automation and how to ask why', async () => {
  const { code, stdout } = await space.run(['event', 'emit', 'person.arived', '--follow'])
  expect(code).toBe(0)
  expect(stdout).toContain('No automation matched it')
  const [, id] = /pilot event why (\S+) "hello"/.exec(stdout) ?? []
  const why = await space.run(['event', 'why', String(id), 'hello'])
  expect(why.stdout).toMatch(/"hello" did not match: expect wants \["person.arrived"\].*person\.arived/)
})

test('runs are named by latest, by their name, and by the end of their id', async () => {
  const { stdout } = await space.run([
    'deployment',
    'run',
    'hello/hello',
    '--param',
    'name=Bo',
    '--name',
    'my-own-run',
    '--follow',
    '--json',
  ])
  const id = String(lines(stdout)[0]?.flow_run_id)
  for (const name of ['latest', 'my-own-run', id.slice(-8), id]) {
    const inspected = await space.run(['run', 'inspect', name, '--json'])
    expect(json(inspected.stdout)).toMatchObject({ id, state_type: 'COMPLETED', parameters: { name: 'Bo' } })
  }
  const missing = await space.run(['run', 'inspect', 'my-own-rum'])
  expect([missing.code, missing.stderr]).toEqual([4, 'There is no run "my-own-rum". Did you mean my-own-run?\n'])
})

test('logs, timeline and lists show the run', async () => {
  const { stdout } = await space.run([
    'deployment',
    'run',
    'hello',
    '--param',
    'name=Log',
    '--name',
    'logged',
    '--follow',
    '--json',
  ])
  expect(stdout).not.toBe('')
  expect((await space.run(['run', 'logs', 'logged', '--follow'])).stdout).toMatch(/INFO {2}greets Log\n/)
  expect((await space.run(['run', 'timeline', 'logged'])).stdout).toMatch(/first_line +[\d.]+ +[\d.]+/)
  expect((await space.run(['run', 'ls', '--state', 'completed', '--deployment', 'hello'])).stdout).toMatch(
    /✓ Completed {2}logged/,
  )
  expect((await space.run(['flow-run', 'ls', '--state', 'crashed'])).stdout).toBe('No run fits.\n')
  expect((await space.run(['deployment', 'ls'])).stdout).toMatch(/hello\/hello +ready +hello\.ts:hello/)
})

test('a cancelled run ends as Cancelled; once more is the wrong state', async () => {
  const following = space.start(['deployment', 'run', 'hello', '--param', 'name=forever', '--name', 'endless', '--follow'])
  await following.said('endless')
  const cancelled = await space.run(['run', 'cancel', 'endless'])
  expect(cancelled.code).toBe(0)
  expect(await following.ended).toMatchObject({ code: 1, stdout: expect.stringContaining('⊘ Cancelled') })
  const again = await space.run(['run', 'cancel', 'endless'])
  expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('endless is Cancelled and was not cancelled')])
})

test('a run without an executor says which command starts it, and goes on when that was typed', async () => {
  await executor.stop()
  const following = space.start(['event', 'emit', 'person.arrived', '--data', '{"name":"Late"}', '--follow'])
  await following.said('pilot serve hello.ts:hello --name hello --on person.arrived')
  executor = serve()
  expect(await following.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('Hello, Late!') })
})

test('automations are created, tested, inspected and deleted', async () => {
  const [deployment] = json((await space.run(['deployment', 'ls', '--json'])).stdout) as { id: string }[]
  const automation = {
    name: 'thank for an order',
    trigger: {
      type: 'event',
      expect: ['order.paid'],
      match: { 'prefect.resource.id': 'shop.*' },
      posture: 'Reactive',
      threshold: 1,
      within: 0,
    },
    actions: [{ type: 'run-deployment', source: 'selected', deployment_id: deployment?.id }],
  }
  expect((await space.run(['automation', 'create', '-'], JSON.stringify(automation))).code).toBe(0)
  const test = await space.run(['automation', 'test', 'thank for an order', '--event', 'order.paid', '--resource', 'bank.1'])
  expect(test.stdout).toMatch(/✗ +match\.prefect\.resource\.id +shop\.\* +bank\.1/)
  expect((await space.run(['automation', 'inspect', 'thank for an ordr'])).stderr).toContain('Did you mean "thank for an order"?')
  expect((await space.run(['automation', 'delete', 'thank for an order'])).code).toBe(0)
  expect(json((await space.run(['automation', 'ls', '--json'])).stdout)).toHaveLength(1)
})

test('the example of a hook is accepted as it is pasted', async () => {
  const { stdout } = await space.run(['hook', 'create', 'github'])
  const [, example = ''] = stdout.split('Send one:\n')
  const { execFileSync } = await import('node:child_process')
  expect(json(execFileSync('sh', ['-c', example], { encoding: 'utf8', stdio: 'pipe' }))).toEqual({ event_id: expect.any(String) })
  expect((await space.run(['hook', 'create', 'github'])).code).toBe(3)
  expect(json((await space.run(['hook', 'ls', '--json'])).stdout)).toMatchObject([{ name: 'github', signed: true }])
  expect((await space.run(['hook', 'delete', 'github'])).code).toBe(0)
})

test.each<[string[], number, string]>([
  [['run', 'lst'], 2, 'Unknown command "lst". Did you mean ls?'],
  [['run', 'ls', '--limt', '3'], 2, 'Unknown option "--limt". Did you mean --limit?'],
  [['run', 'ls', '--limit', 'x'], 2, '--limit x is no number'],
  [['event', 'emit', 'a', 'b', '--data', '{}'], 2, 'Too many arguments for "emit". Expected 1 argument but got 2.'],
  [['run', 'cancel', 'latest', 'a', 'b'], 2, 'Too many arguments for "cancel". Expected 1 argument but got 3.'],
  [['version', 'a'], 2, 'Too many arguments for "version". Expected 0 arguments but got 1.'],
  [['event', 'emit', 'a', '--data', '{a:1}'], 2, 'line 1, column 2'],
  [['deployment', 'run', 'helo'], 4, 'Did you mean hello?'],
  [['serve', 'hello.ts:helo'], 4, 'Did you mean hello.ts:hello?'],
  [['serve', 'nowhere.ts'], 4, 'There is no file nowhere.ts'],
  [
    ['serve', 'two.ts', '--on', 'a'],
    2,
    '--on is for one flow, and two.ts exports several. Say which one is meant: two.ts:bye, two.ts:hello.',
  ],
  [['serve', 'two.ts', '--name', 'a'], 2, '--name is for one flow, and two.ts exports several.'],
  [['serve', 'home'], 2, 'home is a folder. Name a file in it, or serve them all with "pilot dev home".'],
  [['run', 'ls', '--api-url', 'http://127.0.0.1:9/api'], 6, 'No server answers at http://127.0.0.1:9/api'],
  [['server', 'start', '--host', '0.0.0.0'], 2, 'without a password'],
])('%j is exit code %i, in one sentence', async (args, code, message) => {
  const ended = await space.run(args)
  expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
  expect(ended.stderr.trim().split('\n')).toHaveLength(1)
  const asJson = await space.run([...args, '--json'])
  expect(json(asJson.stderr)).toMatchObject({ code: expect.any(String), exception_message: expect.stringContaining(message) })
})

test('a file with an error of syntax is told with its place, also where another file imports it', async () => {
  space.write('broken.mjs', 'export const one = 1\nexport const two = = 2\n')
  space.write('imports.ts', `import { two } from './broken.mjs'\nexport { two }\n`)
  for (const name of ['broken.mjs', 'imports.ts']) {
    const { code, stderr } = await space.run(['serve', name])
    expect([code, stderr]).toEqual([2, `${name} cannot be loaded: broken.mjs:2:20: Unexpected "="\n  export const two = = 2\n`])
  }
})

test('a second server on the same home, and a port that is taken, name the holder and the way out', async () => {
  const second = await space.run(['server', 'start'])
  expect([second.code, second.stderr]).toEqual([3, expect.stringMatching(/is in use by pid \d+.*PILOTFLAME_HOME/)])
  const port = new URL(String(space.env.PILOTFLAME_API_URL)).port
  const other = await space.run(['server', 'start', '--home', 'other', '--port', port])
  expect([other.code, other.stderr]).toEqual([3, expect.stringMatching(/taken by a Pilotflame server.*--port/)])
})

test('a reader that goes away is nothing to speak of', async () => {
  const { execFileSync } = await import('node:child_process')
  const command = `"${process.execPath}" "${PILOT}" --help | head -1`
  expect(execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: 'pipe' })).toContain('Usage: pilot')
})

test('a misspelt variable is told on stderr, and the command goes on', async () => {
  const other = new Workspace()
  other.env.PILOTFLAME_PROT = '1'
  const { code, stdout, stderr } = await other.run(['config', 'view', '--json'])
  await other.remove()
  expect([code, stderr]).toEqual([0, 'The variable PILOTFLAME_PROT says nothing to pilot. Did you mean PILOTFLAME_PORT?\n'])
  expect(json(stdout)).toMatchObject({ port: { value: '0' } })
})
