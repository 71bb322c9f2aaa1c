/** The whole path, with real parts: an event comes in over HTTP, a run starts in an executor, its answer streams back. */
import { flow, fromEvent, startExecutor, task } from '@pilotflame/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anEvent, eventually, runsOf, startTestServer, type TestServer } from './harness/server.ts'

let server: TestServer
const closers: (() => void)[] = []

const shout = task('shout', async (text: string) => text.toUpperCase())

const echo = flow('echo', async ({ text, n }: { text: string; n?: number }, run) => {
  run.logger.info(`saying ${text}`)
  for (const word of text.split(' ')) run.stream(`${word} `)
  return { said: await shout(text), n: n ?? null, type: typeof n }
})

const failing = flow('failing', async () => {
  throw new TypeError('no such thing')
})

beforeAll(async () => {
  server = await startTestServer()
  const executor = await startExecutor({
    apiUrl: server.apiUrl,
    deployments: [
      echo.toDeployment({
        name: 'echo',
        on: 'chat.message',
        parameters: { text: fromEvent('payload.text'), n: fromEvent('payload.n') },
      }),
      echo.toDeployment({ name: 'echo-all', on: 'plain.*' }),
      failing.toDeployment({ name: 'failing', on: 'fail.now' }),
    ],
  })
  closers.push(() => executor.close())
})

afterAll(async () => {
  for (const close of closers) close()
  await server.stop()
})

async function emit(event: ReturnType<typeof anEvent>): Promise<string> {
  expect((await server.request('POST', '/events', event)).status).toBe(204)
  const [run] = await runsOf(server, event.id)
  return run ?? ''
}

test('an event starts a run whose result, stream, log, states and timeline can be read', async () => {
  const run = await emit(anEvent('chat.message', { text: 'hello out there', n: 3 }))
  const { body } = await server.request('GET', `/flow_runs/${run}/result`)
  expect(body).toMatchObject({ state: { type: 'COMPLETED' }, result: { said: 'HELLO OUT THERE', n: 3, type: 'number' } })

  const stream = await (await fetch(`${server.apiUrl}/flow_runs/${run}/stream`)).text()
  expect([...stream.matchAll(/^id: (\S+)$/gm)].map(([, id]) => id)).toEqual(['1-1', '1-2', '1-3'])
  expect([...stream.matchAll(/^data: (\{"text".*)$/gm)].map(([, data]) => JSON.parse(data ?? '').text).join('')).toBe(
    'hello out there ',
  )
  expect(stream).toMatch(/event: end\ndata: .*COMPLETED/)

  const states = (await server.request('GET', `/flow_run_states/?flow_run_id=${run}`)).body as { name: string }[]
  expect(states.map(({ name }) => name)).toEqual(['Scheduled', 'Pending', 'Running', 'Completed'])

  const logs = (await server.request('POST', '/logs/filter', { logs: { flow_run_id: { any_: [run] } } })).body as {
    message: string
  }[]
  expect(logs.map(({ message }) => message)).toContain('saying hello out there')

  const tasks = (await server.request('POST', '/task_runs/filter', { flow_runs: { id: { any_: [run] } } })).body as {
    name: string
  }[]
  expect(tasks).toHaveLength(1)

  const { body: timeline } = await server.request('GET', `/flow_runs/${run}/timeline`)
  const marks = (timeline as { attempts: { marks: { mark: string; at_ms: number }[] }[] }).attempts[0]?.marks ?? []
  expect(marks.map(({ mark }) => mark)).toEqual([
    'received',
    'matched',
    'committed',
    'dispatched',
    'executor_ready',
    'code_ready',
    'first_line',
    'first_output',
    'last_output',
    'completed',
  ])
  const times = marks.map(({ at_ms }) => at_ms)
  expect(times).toEqual([...times].sort((a, b) => a - b))
})

test('without parameters of its own the payload is the parameters, and keeps its types', async () => {
  const run = await emit(anEvent('plain.hello', { text: 'x', n: 7 }))
  expect((await server.request('GET', `/flow_runs/${run}/result`)).body).toMatchObject({
    result: { said: 'X', n: 7, type: 'number' },
  })
})

test('the same event id twice is one event and one run', async () => {
  const event = anEvent('plain.twice', { text: 'once' })
  await Promise.all([emit(event), emit(event), emit(event)])
  expect(await runsOf(server, event.id)).toHaveLength(1)
})

test('a function that throws makes its run Failed, with what it said', async () => {
  const run = await emit(anEvent('fail.now'))
  expect((await server.request('GET', `/flow_runs/${run}/result`)).body).toMatchObject({
    state: { type: 'FAILED', message: expect.stringContaining('no such thing') },
  })
})

test('an event that nobody wants is stored and starts nothing', async () => {
  const event = anEvent('nobody.wants.this')
  expect(await emit(event)).toBe('')
  expect((await server.request('GET', `/events/${event.id}`)).body).toMatchObject({ event: 'nobody.wants.this' })
})

test('a hundred events at once each get their own answer', async () => {
  const sent = Array.from({ length: 100 }, (_, n) => anEvent('plain.many', { text: `t${n}`, n }))
  await Promise.all(sent.map((event) => server.request('POST', '/events', event)))
  const results = await Promise.all(
    sent.map(async ({ id }) => {
      const [run] = await runsOf(server, id)
      return (await server.request('GET', `/flow_runs/${run}/result`)).body as { result: { n: number } }
    }),
  )
  expect(results.map(({ result }) => result.n)).toEqual(sent.map((_, n) => n))
})

test('a run whose parameters do not fit is rejected with the path of the value', async () => {
  const strict = flow('strict', async ({ n }: { n: number }) => n, {
    parameters: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false },
  })
  const executor = await startExecutor({
    apiUrl: server.apiUrl,
    deployments: [strict.toDeployment({ name: 'strict', on: 'strict.*' })],
  })
  closers.push(() => executor.close())
  const event = anEvent('strict.now', { n: 'three' })
  await server.request('POST', '/events', event)
  const { body } = await server.request('GET', `/events/${event.id}/verdicts`)
  expect(body).toMatchObject([{ outcome: { kind: 'rejected_parameters', faults: [{ loc: ['n'] }] } }])
})

test('a run is cancelled when its work is gone', async () => {
  const ended: string[] = []
  const waits = flow('waits', async (_: object, run) => {
    await new Promise((resolve) => run.signal.addEventListener('abort', resolve))
    ended.push(run.id)
  })
  const executor = await startExecutor({
    apiUrl: server.apiUrl,
    deployments: [waits.toDeployment({ name: 'waits', on: 'wait.now' })],
  })
  closers.push(() => executor.close())
  const run = await emit(anEvent('wait.now'))
  await eventually(
    async () => ((await server.request('GET', `/flow_runs/${run}`)).body as { state_type: string }).state_type === 'RUNNING',
  )
  const asked = await server.request('POST', `/flow_runs/${run}/set_state`, { state: { type: 'CANCELLING' } })
  expect(asked.body).toMatchObject({ status: 'ACCEPT', state: { type: 'CANCELLING' } })
  expect((await server.request('GET', `/flow_runs/${run}/result`)).body).toMatchObject({ state: { type: 'CANCELLED' } })
  expect(ended).toEqual([run])
})

test('a deployment that was paused stays paused when its executor comes back', async () => {
  const paused = flow('paused', async () => undefined)
  const offer = { apiUrl: server.apiUrl, deployments: [paused.toDeployment({ name: 'paused' })] }
  const first = await startExecutor(offer)
  const id = first.deployments[0]?.id
  await server.request('POST', `/deployments/${id}/pause_deployment`)
  first.close()
  const second = await startExecutor(offer)
  closers.push(() => second.close())
  expect((await server.request('GET', `/deployments/${id}`)).body).toMatchObject({ paused: true })
})

test('an automation that its own run triggers is stopped at depth 8, and says how it came to that', async () => {
  const loop = flow('loop', async () => 'again')
  const executor = await startExecutor({
    apiUrl: server.apiUrl,
    deployments: [
      loop.toDeployment({
        name: 'loop',
        on: ['loop.start', { expect: ['prefect.flow-run.Scheduled'], posture: 'Reactive' }],
        parameters: {},
      }),
    ],
  })
  closers.push(() => executor.close())
  await emit(anEvent('loop.start'))
  const runs = await eventually(async () => {
    const { body } = await server.request('POST', '/flow_runs/filter', { flows: { name: { any_: ['loop'] } } })
    return (
      (body as { id: string; chain_depth: number }[]).length >= 8 &&
      (body as { id: string; chain_depth: number; state_id: string }[])
    )
  })
  expect(runs).toHaveLength(8)
  const deepest = runs.find(({ chain_depth }) => chain_depth === 8)
  const states = (await server.request('GET', `/flow_run_states/?flow_run_id=${deepest?.id}`)).body as { id: string }[]
  const { body } = await server.request('GET', `/events/${states[0]?.id}/verdicts`)
  expect(body).toMatchObject([{ outcome: { kind: 'too_deep', message: expect.stringMatching(/loop\.start → .* → /) } }])
})
