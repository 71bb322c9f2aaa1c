/**
 * The marks against other clocks, and against delays put in on purpose: each shows in its own part and in no other.
 * `npm run bench` measures how exactly; here the order and the cause are held.
 */
import { flow, startExecutor } from '@pilotflame/sdk'
import type { Flush, ServerPorts } from '@pilotflame/server'
import { afterEach, expect, test } from 'vitest'
import { nodeClock } from '../packages/server/src/system/node-ports.ts'
import { anEvent, runsOf, startTestServer, type TestServer } from './harness/server.ts'

const monotonic = (): number => Number(process.hrtime.bigint()) / 1000
const closers: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function start(ports?: Partial<ServerPorts>): Promise<TestServer> {
  const server = await startTestServer(ports ? { ports } : {})
  closers.push(() => server.stop())
  return server
}

type Parts = Readonly<Record<string, number>>

/** Sends the event, waits for the end of its run, and gives what each part of it took, in milliseconds. */
async function partsOf(server: TestServer, event: ReturnType<typeof anEvent>): Promise<Parts> {
  await server.request('POST', '/events', event)
  const [run] = await runsOf(server, event.id)
  await server.request('GET', `/flow_runs/${run}/result`)
  const { body } = await server.request('GET', `/flow_runs/${run}/timeline`)
  const { attempts } = body as { attempts: { marks: { mark: string; took_ms: number }[] }[] }
  return Object.fromEntries((attempts.at(-1)?.marks ?? []).map(({ mark, took_ms }) => [mark, took_ms]))
}

/** The parts that took at least `ms`. */
const partsOver = (parts: Parts, ms: number): string[] => Object.keys(parts).filter((mark) => (parts[mark] ?? 0) >= ms)

async function serve(server: TestServer, name: string, fn: () => Promise<unknown>, limit = 10): Promise<void> {
  const served = flow(name, fn)
  const executor = await startExecutor({
    apiUrl: server.apiUrl,
    deployments: [served.toDeployment({ name, on: `${name}.now`, parameters: {} })],
    limit,
    onNotice: () => undefined,
  })
  closers.push(() => executor.close())
  await partsOf(server, anEvent(`${name}.now`)) // the first run pays for what is loaded late
}

test('a slow disk shows in "committed"', async () => {
  let delayMs = 0
  const flush =
    (real: Flush): Flush =>
    (done) =>
      real((error) => (delayMs === 0 ? done(error) : void setTimeout(() => done(error), delayMs)))
  const server = await start({ flush })
  await serve(server, 'disk', async () => undefined)
  delayMs = 40
  const parts = await partsOf(server, anEvent('disk.now'))
  expect(partsOver(parts, 35)).toEqual(['committed'])
})

test('waiting for a free executor shows in "dispatched"', async () => {
  const server = await start()
  let holdMs = 0
  await serve(server, 'busy', () => new Promise((resolve) => setTimeout(resolve, holdMs)), 1)
  holdMs = 120
  const first = anEvent('busy.now')
  await server.request('POST', '/events', first)
  holdMs = 0
  const parts = await partsOf(server, anEvent('busy.now'))
  expect(partsOver(parts, 40)).toEqual(['dispatched'])
})

test('code that is slow to load shows in "code_ready"', async () => {
  const server = await start()
  const { offer } = flow('slow-to-load', async () => undefined).toDeployment({ name: 'slow', on: 'slow.now', parameters: {} })
  const load = async () => (await import('./harness/slow-flow.ts')).slowToLoad
  const executor = await startExecutor({ apiUrl: server.apiUrl, deployments: [{ offer, load }] })
  closers.push(() => executor.close())
  expect(partsOver(await partsOf(server, anEvent('slow.now')), 75)).toEqual(['code_ready'])
})

test("the marks stand between the client's send and the function's first statement, on one clock", async () => {
  const server = await start()
  let firstStatement = 0
  await serve(server, 'clock', async () => {
    firstStatement = monotonic()
  })
  const event = anEvent('clock.now')
  const sent = monotonic()
  await server.request('POST', '/events', event)
  const [run] = await runsOf(server, event.id)
  const found = await server.server.app.store.find.findRun(run ?? '')
  await server.request('GET', `/flow_runs/${run}/result`)
  const marks = (await server.server.app.store.find.findRun(run ?? ''))?.marks['1']
  expect(found?.marks['1']?.boot).toBe(nodeClock().boot)
  expect(marks?.at.received).toBeGreaterThan(sent)
  expect(marks?.at.first_line).toBeLessThanOrEqual(firstStatement)
  expect(marks?.at.first_line).toBeGreaterThan(marks?.at.received ?? 0)
})
