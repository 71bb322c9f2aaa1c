/**
 * The other side of the channel, for tests: a real HTTP server with a real websocket, and a real unix socket. It
 * speaks the frames, keeps what it was sent, and does nothing by itself but welcome and acknowledge.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AckFrame, BatchFrame, ExecutorFrame, HelloFrame, Item, RefusedFrame, RunFrame, ServerFrame } from '@pilotflame/core'
import { WebSocketServer } from 'ws'
import { uuidv7 } from '../machine/uuid.ts'
import { createLineReader } from './channel-lines.ts'

export const BOOT = 'boot-of-the-test'

interface PeerConnection {
  readonly kind: 'socket' | 'websocket'
  send(frame: ServerFrame): void
  sendText(line: string): void
  /** Breaks it off. */
  destroy(): void
}

type Matches<I extends Item> = (item: Item) => item is I

export interface Peer {
  readonly apiUrl: string
  /** The unix socket. */
  readonly path: string
  readonly hellos: HelloFrame[]
  readonly beats: string[]
  readonly batches: BatchFrame[]
  readonly connections: PeerConnection[]
  readonly drains: number
  /** How many of them hand their runs back. */
  readonly handBacks: number
  /** What the next hello is answered with. */
  welcome: { resumed?: boolean; sessionId?: string; refused?: RefusedFrame }
  /** False: batches are kept unacknowledged. */
  acknowledge: boolean | ((batch: BatchFrame) => AckFrame)
  items(): Item[]
  send(frame: ServerFrame): void
  /** A line as it is. */
  sendText(line: string): void
  run(frame: Partial<RunFrame>): RunFrame
  /** Settles as soon as `find` has something. */
  until<T>(find: () => T | undefined | false): Promise<T>
  item<I extends Item = Item>(matches: ((item: Item) => boolean) | Matches<I>): Promise<I>
  /** Breaks off all connections. */
  breakOff(): void
  close(): Promise<void>
}

export interface PeerOptions {
  /** False: the executor finds no socket, and takes the websocket. Default: true. */
  readonly socket?: boolean
  readonly authString?: string
}

export async function startPeer({ socket = true, authString }: PeerOptions = {}): Promise<Peer> {
  const home = mkdtempSync(join(tmpdir(), 'pilotflame-peer-'))
  const path = join(home, 'channel.sock')
  const waiters = new Set<() => void>()
  const changed = () => {
    for (const look of [...waiters]) look()
  }
  let current: PeerConnection | undefined
  let drains = 0
  let handBacks = 0
  const expected = authString === undefined ? undefined : `Basic ${Buffer.from(authString).toString('base64')}`

  const receive = (connection: PeerConnection, frame: ExecutorFrame): void => {
    if (frame.type === 'beat') peer.beats.push(frame.session_id)
    else if (frame.type === 'drain') {
      drains++
      if (frame.hand_back) handBacks++
    } else if (frame.type === 'batch') {
      peer.batches.push(frame)
      const { acknowledge } = peer
      if (acknowledge) connection.send(acknowledge === true ? { type: 'ack', seq: frame.seq, refused: [] } : acknowledge(frame))
    } else if (frame.type === 'hello') greet(connection, frame)
    changed()
  }

  const greet = (connection: PeerConnection, frame: HelloFrame): void => {
    peer.hellos.push(frame)
    const { refused, resumed = frame.session_id !== null, sessionId } = peer.welcome
    if (refused) return connection.send(refused)
    current = connection
    connection.send({
      type: 'welcome',
      session_id: sessionId ?? frame.session_id ?? uuidv7(),
      resumed,
      api_url: peer.apiUrl,
      deployments: frame.deployments.map(({ flow_name, name }) => ({ id: `id of ${flow_name}/${name}`, flow_name, name })),
    })
  }

  const sockets = new Set<Socket>()
  const local: Server = createServer((opened) => {
    sockets.add(opened)
    opened.on('error', () => {})
    opened.on('close', () => sockets.delete(opened))
    const connection: PeerConnection = {
      kind: 'socket',
      send: (frame) => void opened.write(`${JSON.stringify(frame)}\n`),
      sendText: (line) => void opened.write(`${line}\n`),
      destroy: () => void opened.destroy(),
    }
    peer.connections.push(connection)
    opened.on(
      'data',
      createLineReader((line) => receive(connection, JSON.parse(line) as ExecutorFrame)),
    )
  })
  const http = createHttpServer((request, response) => {
    if (expected !== undefined && request.headers.authorization !== expected) response.writeHead(401).end()
    else response.end(JSON.stringify({ socket: socket ? path : null, boot_id: BOOT }))
  })
  const websockets = new WebSocketServer({ server: http, path: '/api/channel', handleProtocols: () => 'pilotflame.v1' })
  websockets.on('connection', (opened, request) => {
    if (expected !== undefined && request.headers.authorization !== expected) return opened.close()
    opened.on('error', () => {})
    const connection: PeerConnection = {
      kind: 'websocket',
      send: (frame) => opened.send(JSON.stringify(frame)),
      sendText: (line) => opened.send(line),
      destroy: () => opened.terminate(),
    }
    peer.connections.push(connection)
    opened.on('message', (data: Buffer) => receive(connection, JSON.parse(data.toString('utf8')) as ExecutorFrame))
  })

  await new Promise<void>((resolve) => local.listen(path, resolve))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0

  const peer: Peer = {
    apiUrl: `http://127.0.0.1:${port}/api`,
    path,
    hellos: [],
    beats: [],
    batches: [],
    connections: [],
    get drains() {
      return drains
    },
    get handBacks() {
      return handBacks
    },
    welcome: {},
    acknowledge: true,
    items: () => peer.batches.flatMap(({ items }) => items),
    send: (frame) => {
      if (!current) throw new Error('no executor has said hello')
      current.send(frame)
    },
    sendText: (line) => current?.sendText(line),
    run: (given) => {
      const frame: RunFrame = {
        type: 'run',
        run_id: uuidv7(),
        epoch: 1,
        attempt: 1,
        deployment_id: '',
        name: 'brave-otter',
        parameters: {},
        tags: [],
        marks: { boot: BOOT, at: { received: 1, matched: 2, committed: 3, dispatched: 4 } },
        recorded: [],
        ...given,
      }
      peer.send(frame)
      return frame
    },
    until: (find) =>
      new Promise((resolve) => {
        const look = () => {
          const found = find()
          if (found === undefined || found === false) return
          waiters.delete(look)
          resolve(found)
        }
        waiters.add(look)
        look()
      }),
    item: <I extends Item>(matches: (item: Item) => boolean) => peer.until(() => peer.items().find(matches) as I | undefined),
    breakOff: () => {
      for (const { destroy } of peer.connections.splice(0)) destroy()
    },
    close: async () => {
      for (const one of sockets) one.destroy()
      for (const one of websockets.clients) one.terminate()
      websockets.close()
      await Promise.all([new Promise((resolve) => local.close(resolve)), new Promise((resolve) => http.close(resolve))])
      rmSync(home, { recursive: true, force: true })
    },
  }
  return peer
}
