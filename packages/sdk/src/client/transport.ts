/** Requests over keep-alive `node:http`: a quarter of the cost of the global `fetch`. */
import type { Agent, IncomingMessage } from 'node:http'

export interface TransportInit {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly signal?: unknown
}

export interface TransportResponse {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: AsyncIterable<Uint8Array>
  text(): Promise<string>
}

export interface Transport {
  fetch(url: string, init: TransportInit): Promise<TransportResponse>
  /** Closes the connections that are kept open. */
  close(): void
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

function responseOf(response: IncomingMessage): TransportResponse {
  const status = response.statusCode ?? 0
  const get = (name: string): string | null => {
    const value = response.headers[name.toLowerCase()]
    return value === undefined ? null : String(value)
  }
  return { ok: status >= 200 && status < 300, status, headers: { get }, body: response, text: () => textOf(response) }
}

/** What may be sent twice without doing anything twice. */
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

interface Scheme {
  readonly request: typeof import('node:http').request
  readonly agent: Agent
}

/** Loaded late: most processes that import this package never ask for anything. */
function schemeOf(name: 'node:http' | 'node:https'): Scheme {
  const { request, Agent } = process.getBuiltinModule(name)
  return { request, agent: new Agent({ keepAlive: true }) }
}

export function createTransport(): Transport {
  const schemes = new Map<'node:http' | 'node:https', Scheme>()
  const schemeFor = ({ protocol }: URL): Scheme => {
    const name = protocol === 'https:' ? 'node:https' : 'node:http'
    const scheme = schemes.get(name) ?? schemeOf(name)
    schemes.set(name, scheme)
    return scheme
  }

  const once = (url: URL, init: TransportInit, again: boolean): Promise<TransportResponse> =>
    new Promise((resolve, reject) => {
      const { request, agent } = schemeFor(url)
      const { method, body } = init
      const headers = body === undefined ? init.headers : { ...init.headers, 'content-length': String(Buffer.byteLength(body)) }
      const signal = init.signal instanceof AbortSignal ? { signal: init.signal } : {}
      const sent = request(url, { method, headers, agent, ...signal })
      sent.on('response', (response) => resolve(responseOf(response)))
      sent.on('error', (error) => {
        // The server had closed the kept connection just then.
        const closed = sent.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
        if (closed && again && REPEATABLE.has(method)) resolve(once(url, init, false))
        else reject(error)
      })
      sent.end(body)
    })

  return {
    fetch: (url, init) => once(new URL(url), init, true),
    close: () => {
      for (const { agent } of schemes.values()) agent.destroy()
    },
  }
}
