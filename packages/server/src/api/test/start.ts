/** A whole server on a free port with a temporary home, and the requests that the tests of this folder make of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { type RunningServer, type ServerPorts, type ServerSettings, startServer } from '../../server.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests
  readonly json: any
}

export interface Ask {
  readonly headers?: Record<string, string>
  /** Sent as it is when it is text, as JSON otherwise. */
  readonly body?: unknown
}

export interface TestHttp {
  readonly server: RunningServer
  readonly port: number
  readonly home: string
  ask(method: string, path: string, options?: Ask): Promise<Answer>
}

export async function startHttp(settings: Partial<ServerSettings> = {}, ports?: Partial<ServerPorts>): Promise<TestHttp> {
  const home = mkdtempSync(join(tmpdir(), 'pilotflame-http-'))
  const server = await startServer(
    {
      home,
      host: '127.0.0.1',
      port: 0,
      authString: null,
      allowedHosts: [],
      bodyBytesMax: 100_000,
      version: '0.0.0-test',
      prime: false,
      ...settings,
    },
    ports,
  )
  onTestFinished(async () => {
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  })
  return { server, port: server.port, home, ask: (method, path, options) => ask(server.port, method, path, options) }
}

function ask(port: number, method: string, path: string, { headers = {}, body }: Ask = {}): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  // The address, not the name: requests then reach the server in the order in which they were made.
  const place = { host: '127.0.0.1', port, agent: false } as const
  return new Promise((resolve, reject) => {
    const all = { host: `localhost:${port}`, ...type, ...headers }
    const request = httpRequest({ ...place, method, path, headers: all }, (response) => {
      let received = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        received += part
      })
      response.on('error', reject)
      response.on('end', () => {
        const isJson = response.headers['content-type'] === 'application/json' && received !== ''
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: received,
          json: isJson ? JSON.parse(received) : undefined,
        })
      })
    })
    request.on('error', reject)
    request.end(text)
  })
}

/** An executor on the websocket channel that does what the test tells it. */
export async function connectExecutor(http: TestHttp) {
  const socket = new WebSocket(`ws://127.0.0.1:${http.port}/api/channel`, 'pilotflame.v1')
  // biome-ignore lint/suspicious/noExplicitAny: frames are looked into freely by tests
  const frames: any[] = []
  let wake = (): void => undefined
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)))
    wake()
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  const next = async (type: string) => {
    for (;;) {
      const refused = frames.find((frame) => frame.type === 'refused')
      if (refused) throw new Error(`the channel refused: ${refused.message}`)
      const at = frames.findIndex((frame) => frame.type === type)
      if (at >= 0) return frames.splice(at, 1)[0]
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const send = (frame: object): void => socket.send(JSON.stringify(frame))
  send({
    type: 'hello',
    protocol: 1,
    session_id: null,
    name: 'test.ts',
    host: 'here',
    pid: process.pid,
    boot_id: http.server.app.clock.boot,
    sdk_version: '0.0.0-test',
    limit: 10,
    holds: [],
    deployments: [
      {
        flow_name: 'answer',
        name: 'main',
        version: 'v1',
        entrypoint: null,
        description: null,
        tags: [],
        parameters: {},
        parameter_schema: null,
        triggers: [{ trigger: { expect: ['chat.message'] } }],
        retries: 0,
        retry_delay_ms: 0,
      },
    ],
  })
  const welcome = await next('welcome')
  let seq = 0
  const sendItems = (run: { run_id: string; epoch: number }, items: readonly object[]): void => {
    seq += 1
    send({ type: 'batch', seq, items: items.map((item) => ({ run_id: run.run_id, epoch: run.epoch, ...item })) })
  }
  return {
    deploymentId: welcome.deployments[0].id as string,
    next,
    /** Settles when its connection is closed. */
    closed,
    /** Sends items of a run. */
    send: sendItems,
    /** Sends items of a run, and waits until they are on disk. */
    async report(run: { run_id: string; epoch: number }, items: readonly object[]) {
      sendItems(run, items)
      return next('ack')
    },
    close: () => socket.terminate(),
  }
}
