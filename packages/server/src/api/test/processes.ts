/** A host and its processes on the websocket channel, doing what the test tells them. */
import { WebSocket } from 'ws'
import type { TestHttp } from './start.ts'

// biome-ignore lint/suspicious/noExplicitAny: frames are looked into freely by tests
export type Frame = any

export interface Line {
  /** The next frame of this type, waited for; frames of other types stay. */
  next(type: string): Promise<Frame>
  /** Frames that have come and were not taken. */
  readonly frames: readonly Frame[]
  send(frame: object): void
  /** Sends items of a run, and waits until they are on disk. */
  report(run: Frame, items: readonly object[]): Promise<Frame>
  close(): void
  readonly closed: Promise<void>
}

export async function openLine(http: Pick<TestHttp, 'port'>): Promise<Line> {
  const socket = new WebSocket(`ws://127.0.0.1:${http.port}/api/channel`, 'pilotflame.v1')
  const frames: Frame[] = []
  const wake: (() => void)[] = []
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)))
    for (const call of wake.splice(0)) call()
  })
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  const next = async (type: string): Promise<Frame> => {
    for (;;) {
      const at = frames.findIndex((frame) => frame.type === type)
      if (at >= 0) return frames.splice(at, 1)[0]
      await new Promise<void>((resolve) => wake.push(resolve))
    }
  }
  const send = (frame: object): void => socket.send(JSON.stringify(frame))
  let seq = 0
  return {
    next,
    frames,
    send,
    closed,
    async report(run, items) {
      seq += 1
      send({ type: 'batch', seq, items: items.map((item) => ({ run_id: run.run_id, epoch: run.epoch, ...item })) })
      return next('ack')
    },
    close: () => socket.terminate(),
  }
}

export const anOffer = (more: object = {}) => ({
  flow_name: 'answer',
  name: 'main',
  version: 'v1',
  entrypoint: 'flows/answer.ts:answer',
  description: null,
  tags: [],
  parameters: {},
  parameter_schema: null,
  triggers: [{ trigger: { expect: ['chat.message'] } }],
  retries: 0,
  retry_delay_ms: 0,
  ...more,
})

export const aHello = (http: TestHttp, more: object = {}) => ({
  type: 'hello',
  protocol: 1,
  session_id: null,
  name: 'test.ts',
  host: 'here',
  pid: process.pid,
  boot_id: http.server.app.clock.boot,
  sdk_version: '0.0.0-test',
  limit: 1,
  holds: [],
  deployments: [anOffer()],
  ...more,
})

export interface Joined extends Line {
  readonly sessionId: string
  readonly deploymentId: string
}

/** Opens a line and says hello. */
export async function join(http: TestHttp, more: object = {}): Promise<Joined> {
  const line = await openLine(http)
  line.send(aHello(http, more))
  const welcome = await line.next('welcome')
  return { ...line, sessionId: welcome.session_id, deploymentId: welcome.deployments[0]?.id }
}

export const joinHost = (http: TestHttp, more: object = {}): Promise<Joined> => join(http, { role: 'host', limit: 0, ...more })

/** A fresh process of the host. Its process id is one that nobody has, unless it is given. */
export const joinChild = (http: TestHttp, host: Pick<Joined, 'sessionId'>, more: object = {}): Promise<Joined> =>
  join(http, { host_session_id: host.sessionId, uses: 1, pid: NOBODY, ...more })

/** Above Linux's highest process id. */
export const NOBODY = 2 ** 22 + 7

export const running = () => ({ kind: 'state', id: crypto.randomUUID(), state: { type: 'RUNNING' } })
export const ended = (type: string) => ({ kind: 'state', id: crypto.randomUUID(), state: { type } })
