/** The client that latencies are measured with: `http.request` over keep-alive connections. */
import { Agent, type IncomingMessage, request } from 'node:http'
import { nowMs } from '../numbers/clock.ts'

export interface Answer {
  readonly status: number
  readonly text: string
  /** Just before the request was written. */
  readonly sentAt: number
  /** When the whole answer was here. */
  readonly answeredAt: number
}

export class HttpClient {
  readonly #agent: Agent
  readonly #apiUrl: string

  /** One connection, unless more are asked for. */
  constructor(apiUrl: string, connections = 1) {
    this.#apiUrl = apiUrl
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'lifo' })
  }

  /** `body` is finished JSON. */
  send(method: string, path: string, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let sentAt = 0
      const read = (response: IncomingMessage): void => {
        const parts: string[] = []
        response.setEncoding('utf8')
        response.on('data', (part: string) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: parts.join(''), sentAt, answeredAt: nowMs() }))
      }
      const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const asking = request(`${this.#apiUrl}${path}`, { method, agent: this.#agent, headers }, read)
      asking.on('error', reject)
      sentAt = nowMs()
      asking.end(body)
    })
  }

  /** Sends, and parses the JSON that comes back. Throws when the answer is not a 2xx. */
  async json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.send(method, path, body === undefined ? undefined : JSON.stringify(body))
    if (status < 200 || status > 299) throw new Error(`${method} ${path} answered ${status}: ${text.slice(0, 500)}`)
    return (text === '' ? null : JSON.parse(text)) as T
  }

  /** The moment at which the first `data:` of a run's stream is here. The connection is closed then. */
  firstData(path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const asking = request(`${this.#apiUrl}${path}`, { agent: false, headers: { accept: 'text/event-stream' } }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
          if (!text.includes('data: {"text"')) return
          resolve(nowMs())
          asking.destroy()
        })
        response.on('end', () => reject(new Error(`GET ${path} ended without a chunk: ${text.slice(0, 300)}`)))
      })
      asking.on('error', (error) => reject(error))
      asking.end()
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
