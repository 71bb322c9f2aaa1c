/** An executor that does nothing, and a host of such. What they say is what real ones say, in the same order of fields: V8 tells objects apart by that. */
import type { Duplex } from 'node:stream'
import {
  CHANNEL_PROTOCOL,
  type DeploymentOffer,
  type ExecutorFrame,
  type HelloFrame,
  type Item,
  LineReader,
  type RunFrame,
  type ServerFrame,
  type WelcomeFrame,
} from '@pilotflame/core'
import type { InsideParts } from '../assemble.ts'
import { TRIGGERS } from './sender.ts'

type Ports = InsideParts['ports']

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

type Who = Pick<HelloFrame, 'role' | 'limit' | 'host_session_id' | 'uses'>

/** What says hello, and hears what it is told. */
abstract class Place {
  readonly #connection: Duplex
  protected readonly ports: Ports
  readonly #welcomed = Promise.withResolvers<WelcomeFrame>()

  constructor(connection: Duplex, ports: Ports) {
    this.#connection = connection
    this.ports = ports
    const lines = new LineReader((line) => this.#receive(JSON.parse(line) as ServerFrame))
    connection.setEncoding('utf8')
    connection.on('data', (text: string) => lines.push(text))
  }

  join({ role, ...who }: Who): Promise<WelcomeFrame> {
    const hello: HelloFrame = {
      type: 'hello',
      ...(role ? { role } : {}),
      protocol: CHANNEL_PROTOCOL,
      session_id: null,
      name: 'prime',
      host: '',
      pid: 0,
      boot_id: this.ports.clock.boot,
      sdk_version: '',
      ...who,
      deployments: [OFFER],
      holds: [],
    }
    this.send(hello)
    return this.#welcomed.promise
  }

  send(frame: ExecutorFrame): void {
    this.#connection.write(`${JSON.stringify(frame)}\n`)
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === 'welcome') this.#welcomed.resolve(frame)
    else if (frame.type === 'refused') this.#welcomed.reject(new Error(`its own executor was refused: ${frame.message}`))
    else this.told(frame)
  }

  protected abstract told(frame: ServerFrame): void
}

/** Of each run: its beginning and its end. */
const BATCHES = 2

/** Takes each run and reports what runs report. */
export class PrimingExecutor extends Place {
  #ended = Promise.withResolvers<void>()
  #sequence = 0

  /** Settles when the server has taken the end of the next run. */
  ended(): Promise<void> {
    this.#ended = Promise.withResolvers()
    return this.#ended.promise
  }

  protected told(frame: ServerFrame): void {
    if (frame.type === 'run') this.#run(frame)
    else if (frame.type === 'ack' && frame.seq % BATCHES === 0) this.#ended.resolve()
  }

  #run(frame: RunFrame): void {
    this.#report(this.#begin(frame))
    this.#report(this.#end(frame))
  }

  #report(items: readonly Item[]): void {
    this.#sequence += 1
    this.send({ type: 'batch', seq: this.#sequence, items })
  }

  #begin({ run_id, epoch, attempt, marks }: RunFrame): readonly Item[] {
    const { clock, random } = this.ports
    const key = { run_id, epoch }
    const line = { task_run_id: null, name: 'console', level: 20, message: 'prime', at: clock.now() }
    return [
      { kind: 'state', ...key, id: random.uuid(), state: { type: 'RUNNING' }, marks },
      { kind: 'chunk', ...key, attempt, n: 1, text: 'prime' },
      { kind: 'log', ...key, id: random.uuid(), ...line },
    ]
  }

  #end({ run_id, epoch, parameters, marks }: RunFrame): readonly Item[] {
    const { clock, random } = this.ports
    const key = { run_id, epoch }
    const task = { task_run_id: random.uuid(), task_key: 'prime', dynamic_key: '0', name: 'prime', run_count: 1 }
    const result = Number(parameters.n) % 4 < 2 ? { result: 1 } : {} // some functions return nothing
    return [
      { kind: 'task', ...key, id: random.uuid(), at: clock.now(), ...task, state: { type: 'COMPLETED' }, result: 1 },
      { kind: 'state', ...key, id: random.uuid(), state: { type: 'COMPLETED' }, ...result, marks },
    ]
  }
}

/** Says of each of its processes that it is ready, and that it is gone. */
export class PrimingHost extends Place {
  #id = ''
  #deploymentId = ''

  async joinAsHost(): Promise<void> {
    const { session_id, deployments } = await this.join({ role: 'host', limit: 0 })
    this.#id = session_id
    this.#deploymentId = deployments[0]?.id ?? ''
  }

  /** A process of its own that takes one run. */
  async joined(process: PrimingExecutor): Promise<string> {
    const { session_id } = await process.join({ limit: 1, host_session_id: this.#id, uses: 1 })
    this.#say(1)
    return session_id
  }

  gone(sessionId: string): void {
    this.#say(0)
    const how = { kind: 'exit', code: 0, signal: null, message: 'exit code 0' } as const
    this.send({ type: 'child_end', pid: 0, session_id: sessionId, ...how })
  }

  #say(ready: number): void {
    const deployment_id = this.#deploymentId
    this.send({ type: 'pool', deployment_id, starting: 1 - ready, ready, busy: 0, failure: null })
  }

  protected told(): void {}
}
