/**
 * A door in front of the server that passes everything on as it is, and notes which operations each case asked for.
 * A case says its name in a header, by a setting of Prefect's client.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { PREFECT_OPERATIONS } from '../../packages/core/src/api/prefect-operations.ts'

const CASE_HEADER = 'x-conformance-case'

/** Which operations each case asked for, and with what outcome. */
export type Recording = ReadonlyMap<string, ReadonlySet<string>>

export interface Recorder {
  readonly apiUrl: string
  readonly recording: Recording
  /** Answers with a server's error, in the order they came: `POST /api/logs/ 503`. */
  readonly serverErrors: readonly string[]
  close(): void
}

interface Template {
  readonly operation: string
  readonly pattern: RegExp
}

const escapeForPattern = (text: string): string => text.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)

const TEMPLATES: readonly Template[] = PREFECT_OPERATIONS.map((operation) => {
  const [method = '', path = ''] = operation.split(' ')
  const parts = escapeForPattern(path.replace(/\/$/, '')).replaceAll(/\{\w+\}/g, '[^/]+')
  return { operation, pattern: new RegExp(`^${method} ${parts}/?$`) }
})
// A word in the path says more than a place for one: `/flows/count` is not a flow's id.
const placesOf = (operation: string): number => operation.split('{').length
const BY_EXACTNESS = TEMPLATES.toSorted((a, b) => placesOf(a.operation) - placesOf(b.operation))

/** The operation of a request, as the contract writes it. */
function operationOf(method: string, url: string): string {
  const path = url.replace(/^\/api/, '').replace(/\?.*/, '')
  const call = `${method} ${path}`
  return BY_EXACTNESS.find(({ pattern }) => pattern.test(call))?.operation ?? call
}

/** What a client asks for and gets refused says nothing about whether it is served. */
const counts = (status: number): boolean => status < 300 || status === 409 || status === 422

export async function startRecorder(serverUrl: string): Promise<Recorder> {
  const recording = new Map<string, Set<string>>()
  const serverErrors: string[] = []
  const target = new URL(serverUrl)

  const note = (incoming: IncomingMessage, method: string, status: number): void => {
    if (status >= 500 && status !== 501) serverErrors.push(`${method} ${incoming.url} ${status}`)
    const name = incoming.headers[CASE_HEADER]
    if (typeof name !== 'string' || !counts(status)) return
    const operations = recording.get(name) ?? new Set()
    recording.set(name, operations.add(operationOf(method, incoming.url ?? '')))
  }

  const server = createServer((incoming, outgoing) => pass(incoming, outgoing, target, note))
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    note(incoming, 'WS', 101)
    passUpgrade(incoming, socket, head, target)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    apiUrl: `http://127.0.0.1:${port}/api`,
    recording,
    serverErrors,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: URL,
  note: (incoming: IncomingMessage, method: string, status: number) => void,
): void {
  const { method = 'GET', url, headers } = incoming
  const onward = request({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
    note(incoming, method, answer.statusCode ?? 0)
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
    answer.pipe(outgoing)
    answer.on('error', () => outgoing.destroy())
  })
  onward.on('error', () => outgoing.destroy())
  outgoing.on('close', () => onward.destroy())
  incoming.pipe(onward)
}

/** A websocket's first request goes on as it came; after that, bytes both ways. */
function passUpgrade(incoming: IncomingMessage, socket: Socket, head: Buffer, target: URL): void {
  const onward = connect(Number(target.port), target.hostname, () => {
    const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`]
    for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
      lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`)
    }
    onward.write(`${lines.join('\r\n')}\r\n\r\n`)
    onward.write(head)
    onward.pipe(socket)
    socket.pipe(onward)
  })
  const end = (): void => {
    onward.destroy()
    socket.destroy()
  }
  for (const side of [onward, socket]) side.on('error', end).on('close', end)
}
