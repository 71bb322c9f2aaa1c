/** A real server on a temporary home and a free port, and the few requests that tests make of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, type ServerPorts, type ServerSettings, startServer } from '@pilotflame/server'

export interface TestServer {
  readonly apiUrl: string
  readonly home: string
  readonly server: RunningServer
  request(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown; headers: Headers }>
  /** Stops it; with `keep` its home stays, so that it can be started again. */
  stop(options?: { keep: boolean }): Promise<void>
}

export interface TestServerOptions {
  readonly home?: string
  readonly port?: number
  readonly settings?: Partial<ServerSettings>
  readonly ports?: Partial<ServerPorts>
}

export async function startTestServer({ home, port = 0, settings = {}, ports }: TestServerOptions = {}): Promise<TestServer> {
  const folder = home ?? mkdtempSync(join(tmpdir(), 'pilotflame-test-'))
  const server = await startServer(
    {
      home: folder,
      host: '127.0.0.1',
      port,
      authString: null,
      allowedHosts: [],
      bodyBytesMax: 4_000_000,
      version: '0.0.0-test',
      prime: false,
      ...settings,
    },
    ports,
  )
  return {
    apiUrl: server.apiUrl,
    home: folder,
    server,
    async request(method, path, body) {
      const response = await fetch(`${server.apiUrl}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers }
    },
    async stop({ keep } = { keep: false }) {
      await server.stop()
      if (!keep) rmSync(folder, { recursive: true, force: true })
    },
  }
}

let events = 0

/** A small event with an id of its own. */
export const anEvent = (event: string, payload: object = {}, more: object = {}) => ({
  id: crypto.randomUUID(),
  occurred: new Date().toISOString(),
  event,
  resource: { 'prefect.resource.id': `test.${++events}` },
  payload,
  ...more,
})

/** Waits until `look` gives something, asking again in turns; the test's own time limit ends it. */
export async function eventually<T>(look: () => Promise<T | undefined | false | null>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

interface VerdictOnWire {
  readonly outcome: { readonly kind: string; readonly runs?: readonly { readonly flow_run_id: string }[] }
}

/** The runs that an event has started; empty when it started none. */
export async function runsOf(server: TestServer, eventId: string): Promise<string[]> {
  const { body } = await server.request('GET', `/events/${eventId}/verdicts`)
  const verdicts = body as readonly VerdictOnWire[]
  return verdicts.flatMap(({ outcome }) => (outcome.runs ?? []).map((run) => run.flow_run_id))
}
