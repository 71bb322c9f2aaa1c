import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { HELLO, Workspace } from './test/pilot-process.ts'

const space = new Workspace()
afterAll(() => space.remove())

const SERVED = `${HELLO}\nif (import.meta.main) await hello.serve({ name: 'hello', on: 'person.arrived' })\n`

test('pilot dev serves what is here, takes changes over, and keeps the old version where the new one is broken', async () => {
  space.write('hello.ts', SERVED)
  const dev = space.start(['dev'])
  await dev.said('● hello/hello waits for person.arrived')
  space.env.PILOTFLAME_API_URL = /http:\S+api/.exec(dev.output())?.[0]
  const greet = async () => (await space.run(['event', 'emit', 'person.arrived', '--data', '{"name":"Ada"}', '--follow'])).stdout
  expect(await greet()).toContain('Hello, Ada!')
  await dev.said('✓ Completed hello/hello')

  space.write('hello.ts', SERVED.replace('Hello, ', 'Hej, ').replace('run.stream(', 'run.stream(('))
  await dev.said('✗ hello.ts was not loaded: the version before goes on')
  expect(await greet()).toContain('Hello, Ada!')

  space.write('hello.ts', `throw new Error('not today')\n${SERVED}`)
  await dev.said('not today')
  await dev.said('it ended with code 1')
  expect(await greet()).toContain('Hello, Ada!')

  space.write('hello.ts', SERVED.replace('Hello, ', 'Hej, '))
  await dev.said('● hello/hello', 2)
  expect(await greet()).toContain('Hej, Ada!')

  expect((await dev.stop()).code).toBe(0)
})

test('a file in place of a folder is refused before anything starts', async () => {
  space.write('hello.ts', SERVED)
  const { code, stdout, stderr } = await space.run(['dev', 'hello.ts'])
  expect([code, stdout, stderr]).toEqual([
    2,
    '',
    'hello.ts is no folder. Name the one it is in, or serve the file with "pilot serve hello.ts".\n',
  ])
})

test('a run whose file was deleted ends before the server does', async () => {
  const slow = `
import { flow } from 'pilotflame'
const slow = flow('slow', async () => {
  console.log('at work')
  await new Promise((resolve) => setTimeout(resolve, 1_500))
})
await slow.serve({ on: 'slow.now' })
`
  mkdirSync(join(space.folder, 'leaving'))
  space.write('leaving/slow.ts', slow)
  const dev = space.start(['dev', 'leaving'])
  await dev.said('● slow/slow')
  space.env.PILOTFLAME_API_URL = /http:\S+api/.exec(dev.output())?.[0]
  await space.run(['event', 'emit', 'slow.now'])
  await dev.said('at work')
  rmSync(join(space.folder, 'leaving', 'slow.ts'))
  await dev.said('slow.ts is gone')
  const { code, stdout } = await dev.stop()
  expect([code, stdout]).toEqual([0, expect.stringContaining('Completed slow/slow')])
})

test('a folder that goes away ends it, and the server with it', async () => {
  const folder = join(space.folder, 'flows')
  mkdirSync(folder)
  space.write('flows/hello.ts', SERVED)
  const dev = space.start(['dev', 'flows'])
  await dev.said('● hello/hello')
  rmSync(folder, { recursive: true })
  const { code, stderr } = await dev.ended
  expect([code, stderr]).toEqual([4, expect.stringMatching(/^There is no file .*flows. Check its name.*\n$/)])
})
