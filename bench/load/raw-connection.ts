/**
 * One keep-alive HTTP/1.1 connection that sends prepared bytes and reads no more of the answer than it must, so that
 * the load generator leaves the machine's cores to what it loads. One request at a time.
 */
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly bytes: number
}

const HEAD_END = Buffer.from('\r\n\r\n')

export function requestBytes(apiUrl: string, method: string, path: string, body: string): Buffer {
  const { host, pathname } = new URL(apiUrl)
  const head = `${method} ${pathname}${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.from(head + body)
}

/** The first answer in `bytes` and where it ends; undefined while a part of it is missing. */
export function readAnswer(bytes: Buffer): (RawAnswer & { readonly end: number }) | undefined {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd === -1) return undefined
  const head = bytes.toString('latin1', 0, headEnd).toLowerCase()
  const status = Number(head.slice(9, 12))
  const bodyStart = headEnd + HEAD_END.length
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1]
  if (length !== undefined) {
    const end = bodyStart + Number(length)
    return bytes.length < end ? undefined : { status, bytes: Number(length), end }
  }
  if (!head.includes('transfer-encoding: chunked')) return { status, bytes: 0, end: bodyStart }
  const last = bytes.indexOf('0\r\n\r\n', bodyStart)
  return last === -1 ? undefined : { status, bytes: last - bodyStart, end: last + 5 }
}

export class RawConnection {
  readonly #socket: Socket
  #unread: Buffer[] = []
  #waiting: PromiseWithResolvers<RawAnswer> | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (part) => this.#read(part))
    socket.on('error', (error) => this.#waiting?.reject(error))
    socket.on('close', () => this.#waiting?.reject(new Error('The server closed the connection.')))
  }

  static async open(apiUrl: string): Promise<RawConnection> {
    const { hostname, port } = new URL(apiUrl)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return new RawConnection(socket)
  }

  #read(part: Buffer): void {
    this.#unread.push(part)
    const bytes = this.#unread.length === 1 ? part : Buffer.concat(this.#unread)
    const answer = readAnswer(bytes)
    if (!answer) return
    this.#unread = answer.end < bytes.length ? [bytes.subarray(answer.end)] : []
    this.#waiting?.resolve(answer)
    this.#waiting = undefined
  }

  send(bytes: Buffer): Promise<RawAnswer> {
    this.#waiting = Promise.withResolvers()
    this.#socket.write(bytes)
    return this.#waiting.promise
  }

  close(): void {
    this.#socket.destroy()
  }
}
