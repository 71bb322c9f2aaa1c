/** A run's stream and result, by a real server and an executor on its websocket. */
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import { createClient } from '@pilotflame/core'
import { expect, test } from 'vitest'
import { nodeClock } from '../../system/node-ports.ts'
import { connectExecutor, startHttp, type TestHttp } from '../test/start.ts'
import { createSink, STALL_MS } from './stream.ts'

type Executor = Awaited<ReturnType<typeof connectExecutor>>
const id = (http: TestHttp): string => http.server.app.random.uuid()

/** A run that is Running on the executor. */
async function startRun(http: TestHttp, executor: Executor) {
  const { json } = await http.ask('POST', `/api/deployments/${executor.deploymentId}/create_flow_run`, { body: {} })
  const run = await executor.next('run')
  expect(run.run_id).toBe(json.id)
  await executor.report(run, [{ kind: 'state', id: id(http), state: { type: 'RUNNING' } }])
  return run
}

const chunk = (n: number, text = `word ${n} `) => ({ kind: 'chunk', attempt: 1, n, text })
const completed = (http: TestHttp, result: unknown) => ({ kind: 'state', id: id(http), state: { type: 'COMPLETED' }, result })

function open(http: TestHttp, runId: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ port: http.port, path: `/api/flow_runs/${runId}/stream`, headers, agent: false }, resolve).on('error', reject)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return text
}

test('a viewer gets what was said, what comes, and the end; another one goes on in the middle', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const run = await startRun(http, executor)
  await executor.report(run, [chunk(1), chunk(2, 'line\nbreak')])
  const live = await open(http, run.run_id)
  expect(live.headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
  const said = textOf(live)
  await executor.report(run, [chunk(3)])
  await executor.report(run, [completed(http, { answer: 42 })])
  const end = 'event: end\ndata: {"state_type":"COMPLETED","state_name":"Completed","message":null,"attempt":1}\n\n'
  const third = 'id: 1-3\nevent: chunk\ndata: {"text":"word 3 "}\n\n'
  expect(await said).toBe(
    `id: 1-1\nevent: chunk\ndata: {"text":"word 1 "}\n\nid: 1-2\nevent: chunk\ndata: {"text":"line\\nbreak"}\n\n${third}${end}`,
  )
  expect(await textOf(await open(http, run.run_id, { 'last-event-id': '1-2' }))).toBe(third + end)
  expect((await http.ask('GET', `/api/flow_runs/${run.run_id}/stream?after=1-3`)).text).toBe(end)
  expect((await http.ask('GET', `/api/flow_runs/${run.run_id}/stream?after=x`)).status).toBe(422)
  executor.close()
})

test('a run that is deleted ends its streams; who comes back is told that there is none', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const run = await startRun(http, executor)
  await executor.report(run, [chunk(1)])
  const said = textOf(await open(http, run.run_id))
  expect((await http.ask('DELETE', `/api/flow_runs/${run.run_id}`)).status).toBe(204)
  expect(['', 'id: 1-1\nevent: chunk\ndata: {"text":"word 1 "}\n\n']).toContain(await said)
  expect((await http.ask('GET', `/api/flow_runs/${run.run_id}/stream`)).status).toBe(404)
  executor.close()
})

const words = (text: string): string =>
  text
    .replaceAll(/^data: .*\n/gm, '')
    .replaceAll(/\n+/g, ' ')
    .trim()

test('an attempt that is interrupted is marked at once, and the next one is never glued to it', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const first = await startRun(http, executor)
  await executor.report(first, [chunk(1), chunk(2)])
  const live = textOf(await open(http, first.run_id))
  const path = `/api/flow_runs/${first.run_id}`
  await http.ask('POST', `${path}/set_state`, { body: { state: { type: 'SCHEDULED', message: 'once more' }, force: true } })
  const second = await executor.next('run')
  const early = await open(http, first.run_id, { 'last-event-id': '1-2' })
  const marked = await new Promise((resolve) => early.once('data', resolve))
  const mark = '{"attempt":1,"state_type":"SCHEDULED","state_name":"Scheduled","message":"once more"}'
  expect(String(marked)).toBe(`id: 1-end\nevent: attempt_end\ndata: ${mark}\n\n`)
  early.destroy()
  await executor.report(second, [{ kind: 'state', id: id(http), state: { type: 'RUNNING' } }])
  await executor.report(second, [{ ...chunk(1), attempt: 2 }, completed(http, null)])
  const all = await live
  expect(words(all)).toBe(
    'id: 1-1 event: chunk id: 1-2 event: chunk id: 1-end event: attempt_end id: 2-1 event: chunk event: end',
  )
  expect(await textOf(await open(http, first.run_id))).toBe(all)
  const rest = await textOf(await open(http, first.run_id, { 'last-event-id': '1-end' }))
  expect(words(rest)).toBe('id: 2-1 event: chunk event: end')
  expect(all.endsWith(rest)).toBe(true)
  executor.close()
})

test('the result is held open until the end', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const run = await startRun(http, executor)
  const held = http.ask('GET', `/api/flow_runs/${run.run_id}/result`)
  await executor.report(run, [completed(http, { answer: 42 })])
  expect((await held).json).toMatchObject({
    state: { type: 'COMPLETED', state_details: { flow_run_id: run.run_id } },
    result: { answer: 42 },
  })
  const missing = await http.ask('GET', '/api/flow_runs/01a20cdc-73f4-737d-a897-a8a9b69a11da/result')
  expect(missing).toMatchObject({ status: 404, json: { code: 'run_not_found' } })
  executor.close()
})

test('a server that stops answers those who wait for a result', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const run = await startRun(http, executor)
  const held = http.ask('GET', `/api/flow_runs/${run.run_id}/result`)
  await http.ask('GET', '/api/health')
  await http.server.stop()
  expect(await held).toMatchObject({ status: 503, json: { code: 'shutting_down' } })
})

/** What comes until the line breaks. */
function rest(response: IncomingMessage): Promise<string> {
  let text = ''
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  return new Promise((resolve) => response.on('close', () => resolve(text)).resume())
}

/**
 * The ports of this machine, but a viewer that takes nothing is looked at after 0.4 s. `looked` settles at the next look,
 * or after 2 s when there is none any more.
 */
function impatientPorts() {
  let tell = (): void => undefined
  const clock = nodeClock()
  const after = (delayMs: number, callback: () => void): (() => void) => {
    if (delayMs !== STALL_MS) return clock.after(delayMs, callback)
    return clock.after(400, () => {
      callback()
      tell()
    })
  }
  const looked = (): Promise<void> =>
    new Promise((resolve) => {
      tell = resolve
      clock.after(2_000, resolve)
    })
  return { looked, ports: { clock: { ...clock, after } } }
}

test('a viewer that reads nothing is cut off, slows nobody, and may come back', async () => {
  const { looked, ports } = impatientPorts()
  const http = await startHttp({}, ports)
  const executor = await connectExecutor(http)
  const run = await startRun(http, executor)
  const stuck = await open(http, run.run_id)
  stuck.on('error', () => undefined) // it is cut off
  stuck.pause()
  const reading = textOf(await open(http, run.run_id))
  const text = 'x'.repeat(150_000)
  // 60 MB: more than what the system itself holds for a connection, which may be 37.
  for (let n = 1; n <= 400; n += 10) {
    await executor.report(
      run,
      Array.from({ length: 10 }, (_, index) => chunk(n + index, text)),
    )
  }
  await executor.report(run, [completed(http, null)])
  const whole = await reading
  await looked() // the one that reads has nothing left to be looked at for
  const got = await rest(stuck)
  expect(got.length).toBeLessThan(whole.length)
  const last =
    got
      .slice(0, got.lastIndexOf('\n\n'))
      .match(/^id: .*$/gm)
      ?.at(-1)
      ?.slice(4) ?? ''
  const after = await textOf(await open(http, run.run_id, { 'last-event-id': last }))
  const numbers = [...(got.slice(0, got.lastIndexOf('\n\n') + 2) + after).matchAll(/^id: 1-(\d+)$/gm)].map((match) =>
    Number(match[1]),
  )
  expect(numbers).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
  executor.close()
}, 20_000)

const LARGE = ['漢'.repeat(400_000), '\n'.repeat(600_000), '漢'.repeat(1_000_000)]

test('chunks larger than what may wait for a viewer reach who watches, who comes later and who comes back', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const run = await startRun(http, executor)
  const live = textOf(await open(http, run.run_id))
  for (const [index, text] of LARGE.entries()) await executor.report(run, [chunk(index + 1, text)])
  await executor.report(run, [completed(http, null)])
  const events = LARGE.map((text, index) => `id: 1-${index + 1}\nevent: chunk\ndata: ${JSON.stringify({ text })}\n\n`)
  const end = 'event: end\ndata: {"state_type":"COMPLETED","state_name":"Completed","message":null,"attempt":1}\n\n'
  for (const [index, last] of ['', '1-1', '1-2', '1-3'].entries()) {
    const text = await textOf(await open(http, run.run_id, { 'last-event-id': last }))
    expect(text === events.slice(index).join('') + end).toBe(true) // a difference of megabytes tells nobody anything
  }
  expect((await live) === events.join('') + end).toBe(true)
  executor.close()
})

/** A line that takes what it is given at the pace of the test, and says only of whole writes that they are done. */
class SlowLine extends Duplex {
  received = ''
  #waiting = Buffer.alloc(0)
  #done: (() => void) | undefined

  override _read(): void {}

  override _writev(parts: { chunk: Buffer | string; encoding: BufferEncoding }[], done: () => void): void {
    this.#waiting = Buffer.concat(
      parts.map(({ chunk, encoding }) => (typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)),
    )
    this.#done = done
  }

  async deliver(bytes: number): Promise<void> {
    this.received += this.#waiting.toString('latin1', 0, bytes)
    this.#waiting = this.#waiting.subarray(bytes)
    const done = this.#done
    if (this.#waiting.length === 0) {
      this.#done = undefined
      done?.()
    }
    await new Promise(setImmediate)
  }
}

/** A sink at the end of a slow line; `pass` lets the time between two looks pass, in which the viewer takes so much. */
async function slowSink() {
  const timers = new Set<() => void>()
  const after = (_: number, callback: () => void): (() => void) => {
    timers.add(callback)
    return () => timers.delete(callback)
  }
  const line = new SlowLine()
  const server = createServer()
  const asked = new Promise<ServerResponse>((resolve) => server.on('request', (_, response) => resolve(response)))
  server.emit('connection', line)
  line.push('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  const response = await asked
  const pass = async (bytes: number): Promise<void> => {
    await new Promise(setImmediate)
    const due = [...timers]
    await line.deliver(bytes)
    for (const callback of due) if (timers.delete(callback)) callback()
  }
  return { line, response, sink: createSink(response, { ...nodeClock(), after }), pass }
}

// 200 000: less than what may wait for a viewer, and more than a slow one takes at once.
test.for([
  { characters: 1_000_000, each: 70_000 },
  { characters: 200_000, each: 66_000 },
])(
  'a slow viewer gets all of a chunk of $characters while it takes some of it between two looks, and is cut off when it stops',
  async ({ characters, each }) => {
    const { line, response, sink, pass } = await slowSink()
    expect(sink.chunk({ attempt: 1, n: 1, text: 'z'.repeat(characters) })).toBe(false)
    let drained = false
    const settled = sink.drained().then(() => {
      drained = true
    })
    let looks = 0
    while (!drained && !response.destroyed) {
      await pass(each)
      looks += 1
      expect(response.writableLength).toBeLessThan(300_000)
    }
    await settled
    await pass(each)
    expect(looks).toBeGreaterThanOrEqual(Math.floor(characters / each))
    expect(line.received.match(/z/g)?.length).toBe(characters)
    sink.chunk({ attempt: 1, n: 2, text: 'y'.repeat(1_000_000) })
    const cut = sink.drained()
    await pass(10)
    expect(response.destroyed).toBe(true)
    await cut
  },
)

test('a run that is deleted while a viewer is given a large chunk ends its stream', async () => {
  const { response, sink, pass } = await slowSink()
  sink.chunk({ attempt: 1, n: 1, text: 'z'.repeat(1_000_000) })
  const settled = sink.drained()
  await pass(70_000)
  sink.gone()
  while (!response.writableFinished) await pass(70_000)
  await settled
})

test('the client reads a stream to its end, and waits for the result', async () => {
  const http = await startHttp()
  const executor = await connectExecutor(http)
  const client = createClient({
    apiUrl: http.server.apiUrl,
    fetch: (url, init) => fetch(url, { ...init, signal: init.signal as AbortSignal | undefined }),
  })
  const eventId = id(http)
  await client.emit({
    id: eventId,
    occurred: '2026-01-02T03:04:05Z',
    event: 'chat.message',
    resource: { 'prefect.resource.id': 'chat' },
    payload: { question: 'why?' },
  })
  const [verdict] = await client.verdicts(eventId)
  const runId = verdict?.outcome.kind === 'fired' ? verdict.outcome.runs[0]?.flow_run_id : undefined
  const run = await executor.next('run')
  expect(run).toMatchObject({ run_id: runId, parameters: { question: 'why?' } })
  await executor.report(run, [{ kind: 'state', id: id(http), state: { type: 'RUNNING' } }, chunk(1), chunk(2)])
  const stream = client.stream(run.run_id)
  expect((await stream.next()).value).toEqual({ attempt: 1, n: 1, text: 'word 1 ' })
  await executor.report(run, [completed(http, 'because')])
  expect((await stream.next()).value).toMatchObject({ n: 2 })
  expect(await stream.next()).toMatchObject({ done: true, value: { state_type: 'COMPLETED', attempt: 1 } })
  expect(await client.result(run.run_id)).toMatchObject({ result: 'because' })
  expect((await client.timeline(run.run_id)).attempts[0]?.marks[0]?.mark).toBe('received')
  await expect(client.flowRun(id(http))).rejects.toMatchObject({ code: 'run_not_found' })
  executor.close()
})
