/** Sends events for nobody: one request after the other over one connection. */
import type { Duplex } from 'node:stream'
import type { InsideParts } from '../assemble.ts'

/** By turns the two ways in which an event becomes a run's parameters. */
export const TRIGGERS = ['prime.payload', 'prime.template'] as const

export const eventOf = (n: number, { random, clock }: InsideParts['ports']): object => ({
  id: random.uuid(),
  occurred: new Date(clock.now() / 1000).toISOString(),
  event: TRIGGERS[n % 2],
  resource: { 'prefect.resource.id': 'prime', 'prefect.resource.name': 'prime' },
  related: [],
  payload: { n, text: 'prime' },
})

/** By turns, as clients differ: code that V8 has made for one set of headers is thrown away when another one comes. */
const MORE_HEADERS: readonly (readonly string[])[] = [
  [],
  ['connection: keep-alive'],
  ['accept: */*', 'connection: keep-alive'],
  ['accept: */*', 'accept-encoding: gzip', 'connection: keep-alive'],
  ['accept: */*', 'accept-encoding: gzip', 'connection: keep-alive', 'user-agent: prime'],
  ['user-agent: prime'],
]

export class Sender {
  readonly #connection: Duplex
  #sent = 0
  /** Of the last request; nobody waits before the first one. */
  #answer: PromiseWithResolvers<void> | undefined

  constructor(connection: Duplex) {
    this.#connection = connection
    connection.setEncoding('latin1')
    // The answers here have no body: each comes in one piece.
    connection.on('data', (text: string) => {
      if (text.startsWith('HTTP/1.1 204')) this.#answer?.resolve()
      else this.#answer?.reject(new Error(`an event of its own was answered ${text}`))
    })
  }

  post(path: string, value: object): Promise<void> {
    const body = JSON.stringify(value)
    const head = [
      `POST ${path} HTTP/1.1`,
      'host: 127.0.0.1',
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      ...(MORE_HEADERS[this.#sent % MORE_HEADERS.length] ?? []),
    ]
    this.#sent += 1
    this.#answer = Promise.withResolvers()
    this.#connection.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    return this.#answer.promise
  }
}
