/**
 * Takes a few events for nobody: through HTTP, the store, the automations and an executor's channel, on a store in memory
 * and a server that nothing else can reach. The next real event then finds compiled what it passes through.
 */
import { type Duplex, duplexPair } from 'node:stream'
import {
  CHANNEL_PROTOCOL,
  type DeploymentOffer,
  type ExecutorFrame,
  type HelloFrame,
  type Item,
  LineReader,
  type RunFrame,
  type ServerFrame,
} from '@pilotflame/core'
import { createHttpServer } from './api/http-server.ts'
import type { HttpSettings } from './app.ts'
import { assemble, type InsideParts } from './assemble.ts'
import { serveConnection } from './dispatch/socket-listener.ts'
import { openSqliteStore } from './store/sqlite-store.ts'

type Ports = InsideParts['ports']

const SETTINGS: HttpSettings = { host: '127.0.0.1', port: 0, authString: null, allowedHosts: [], bodyBytesMax: 100_000 }

export interface Practice {
  readonly ports: Ports
  readonly events: number
  /** Of pause between two of them. */
  readonly everyMs: number
  readonly signal: AbortSignal
}

/** Settles with the number of runs that came to their end, when it is done or soon after `signal` was aborted. */
export async function prime({ ports, events, everyMs, signal }: Practice): Promise<number> {
  const store = await openSqliteStore({
    path: ':memory:',
    flush: (done) => void setImmediate(() => done(null)),
    reader: 'inline',
  })
  const secretKey = new Uint8Array(32)
  const inside = await assemble({ store, ports, log: () => undefined, version: '', secretKey, apiUrl: () => '' })
  const http = createHttpServer(inside.app, SETTINGS, { socketPath: null })
  const [requests, server] = duplexPair()
  const [executorSide, channelSide] = duplexPair()
  http.serve(server)
  serveConnection(channelSide, inside.app.channel)
  try {
    const executor = new PrimingExecutor(executorSide, ports)
    const sender = new Sender(requests)
    await executor.join()
    let n = 0
    while (n < events && !signal.aborted) {
      await Promise.all([executor.ended(), sender.post('/api/events', eventOf(n, ports))])
      n += 1
      if (everyMs > 0) await pause(ports.clock, everyMs)
    }
    return n
  } finally {
    requests.destroy()
    server.destroy()
    executorSide.destroy()
    channelSide.destroy()
    await store.close()
  }
}

const pause = (clock: Ports['clock'], ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve))

/** By turns the two ways in which an event becomes a run's parameters. */
const TRIGGERS = ['prime.payload', 'prime.template'] as const

const eventOf = (n: number, { random, clock }: Ports): object => ({
  id: random.uuid(),
  occurred: new Date(clock.now() / 1000).toISOString(),
  event: TRIGGERS[n % 2],
  resource: { 'prefect.resource.id': 'prime', 'prefect.resource.name': 'prime' },
  related: [],
  payload: { n, text: 'prime' },
})

const trigger = (event: string) => ({ type: 'event', expect: [event], posture: 'Reactive', threshold: 1, within: 0 })

const OFFER: DeploymentOffer = {
  flow_name: 'prime',
  name: 'prime',
  version: '1',
  entrypoint: null,
  description: null,
  tags: [],
  parameters: {},
  parameter_schema: { type: 'object', properties: { n: { type: 'number' }, text: { type: 'string' } }, required: ['n'] },
  triggers: [
    { trigger: trigger(TRIGGERS[0]) },
    { trigger: trigger(TRIGGERS[1]), parameters: { n: '{{ event.payload.n }}', text: 'It says {{ event.payload.text }}.' } },
  ],
  retries: 0,
  retry_delay_ms: 0,
}

/** Sends one request after the other over one connection. */
class Sender {
  readonly #connection: Duplex
  #answer = Promise.withResolvers<void>()

  constructor(connection: Duplex) {
    this.#connection = connection
    connection.setEncoding('latin1')
    // The answers here have no body: each comes in one piece.
    connection.on('data', (text: string) => {
      if (text.startsWith('HTTP/1.1 204')) this.#answer.resolve()
      else this.#answer.reject(new Error(`an event of its own was answered ${text}`))
    })
  }

  post(path: string, value: object): Promise<void> {
    const body = JSON.stringify(value)
    const head = [
      `POST ${path} HTTP/1.1`,
      'host: 127.0.0.1',
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
    ]
    this.#answer = Promise.withResolvers()
    this.#connection.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    return this.#answer.promise
  }
}

/** Of each run: its beginning and its end. */
const BATCHES = 2

/** Takes each run and reports what runs report. */
class PrimingExecutor {
  readonly #connection: Duplex
  readonly #ports: Ports
  #next = Promise.withResolvers<void>()
  #sequence = 0

  constructor(connection: Duplex, ports: Ports) {
    this.#connection = connection
    this.#ports = ports
    const lines = new LineReader((line) => this.#receive(JSON.parse(line) as ServerFrame))
    connection.setEncoding('utf8')
    connection.on('data', (text: string) => lines.push(text))
  }

  join(): Promise<void> {
    const hello: HelloFrame = {
      type: 'hello',
      protocol: CHANNEL_PROTOCOL,
      session_id: null,
      name: 'prime',
      host: '',
      pid: 0,
      boot_id: this.#ports.clock.boot,
      sdk_version: '',
      limit: 10,
      deployments: [OFFER],
      holds: [],
    }
    this.#send(hello)
    return this.#next.promise
  }

  /** Settles when the server has taken the end of the next run. */
  ended(): Promise<void> {
    this.#next = Promise.withResolvers()
    return this.#next.promise
  }

  #send(frame: ExecutorFrame): void {
    this.#connection.write(`${JSON.stringify(frame)}\n`)
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === 'run') this.#run(frame)
    else if (frame.type === 'refused') this.#next.reject(new Error(`its own executor was refused: ${frame.message}`))
    else if (frame.type === 'welcome' || (frame.type === 'ack' && frame.seq % BATCHES === 0)) this.#next.resolve()
  }

  #run(frame: RunFrame): void {
    this.#report(this.#begin(frame))
    this.#report(this.#end(frame))
  }

  #report(items: readonly Item[]): void {
    this.#sequence += 1
    this.#send({ type: 'batch', seq: this.#sequence, items })
  }

  #begin({ run_id, epoch, attempt, marks }: RunFrame): readonly Item[] {
    const { clock, random } = this.#ports
    const key = { run_id, epoch }
    const line = { task_run_id: null, name: 'console', level: 20, message: 'prime', at: clock.now() }
    return [
      { kind: 'state', ...key, id: random.uuid(), state: { type: 'RUNNING' }, marks },
      { kind: 'chunk', ...key, attempt, n: 1, text: 'prime' },
      { kind: 'log', ...key, id: random.uuid(), ...line },
    ]
  }

  #end({ run_id, epoch, marks }: RunFrame): readonly Item[] {
    const { clock, random } = this.#ports
    const key = { run_id, epoch }
    const task = { task_run_id: random.uuid(), task_key: 'prime', dynamic_key: '0', name: 'prime', run_count: 1 }
    return [
      { kind: 'task', ...key, id: random.uuid(), ...task, state: { type: 'COMPLETED' }, at: clock.now(), result: 1 },
      { kind: 'state', ...key, id: random.uuid(), state: { type: 'COMPLETED' }, marks, result: 1 },
    ]
  }
}
