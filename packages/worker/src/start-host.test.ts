import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROCESS_DEFAULTS } from '@pilotflame/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BOOT, type Peer, startPeer } from '../../sdk/src/executor/test-peer.ts'
import type { HostDeployment } from './host-options.ts'
import { type RunningHost, type StartHostOptions, startHost } from './start-host.ts'

/** Says that it is ready, or what is to be said instead, and leaves with its host. */
const script = (say: string) => `
  process.on('disconnect', () => process.exit(0))
  process.on('SIGTERM', () => process.exit(0))
  process.send(${say}, () => { if (${say.includes('failed')}) process.exit(1) })
`
const READY = "{ type: 'ready', session_id: 'of ' + process.pid }"

let folder: string
let peer: Peer
let host: RunningHost | undefined
const notices: string[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotflame-start-host-'))
  peer = await startPeer()
  notices.length = 0
})

afterEach(async () => {
  await host?.handBack()
  host = undefined
  await peer.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The clock stands still meanwhile. */
async function turnsUntil(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setImmediate(resolve))
}

function options(say = READY, limits: Partial<HostDeployment> = {}): StartHostOptions {
  const file = join(folder, 'script.mjs')
  writeFileSync(file, script(say))
  const offer = {
    flow_name: 'answer',
    name: 'chat',
    version: 'v1',
    entrypoint: null,
    description: null,
    tags: [],
    parameters: {},
    parameter_schema: null,
    triggers: [],
    retries: 0,
    retry_delay_ms: 0,
  }
  const deployment = { ...PROCESS_DEFAULTS, isolation: 'fresh', ...limits, offer, command: { file, args: [], env: {} } } as const
  return {
    apiUrl: peer.apiUrl,
    bootId: BOOT,
    name: 'chat.ts',
    deployments: [deployment],
    onNotice: (text) => void notices.push(text),
  }
}

test('a host says hello as one, with its deployments and no room of its own', async () => {
  host = await startHost(options())
  expect(peer.hellos[0]).toMatchObject({ role: 'host', limit: 0, session_id: null, name: 'chat.ts', holds: [] })
  expect(peer.hellos[0]?.deployments.map(({ name }) => name)).toEqual(['chat'])
  expect(host.deployments).toEqual([{ id: 'id of answer/chat', flow_name: 'answer', name: 'chat' }])
  expect(host.sessionId).not.toBe('')
})

test('it is ready when its first process is', async () => {
  host = await startHost(options())
  await host.ready
  expect(host.counts()).toEqual({ 'answer/chat': { starting: 0, ready: 1, busy: 0, failure: null } })
})

test('it is ready at once where none is to be warm', async () => {
  host = await startHost(options(READY, { warm: { min: 0, max: 1, idleMs: 1_000 } }))
  await host.ready
  expect(host.counts()).toEqual({ 'answer/chat': { starting: 0, ready: 0, busy: 0, failure: null } })
})

test('why a process does not start is said once, and the host is ready to be asked', async () => {
  host = await startHost(options("{ type: 'failed', message: 'Error: no database' }"))
  await host.ready
  const said = ['A process of answer/chat did not start: Error: no database\nTrying again.']
  await vi.waitFor(() => expect(notices).toEqual(said))
})

test('a process that has ended with its first run is not called one that did not start', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const given = options()
    writeFileSync(join(folder, 'script.mjs'), "process.send({ type: 'ready', session_id: 'the first' }, () => process.exit(1))")
    host = await startHost(given)
    const failed = (): boolean => typeof host?.counts()['answer/chat']?.failure === 'string'
    await turnsUntil(failed)
    const deployment_id = host.deployments[0]?.id ?? ''
    peer.send({ type: 'placed', run_id: 'r', epoch: 1, session_id: 'the first', deployment_id })
    await turnsUntil(() => !failed())
    await vi.advanceTimersByTimeAsync(1_000)
    expect(notices).toEqual([])
  } finally {
    vi.useRealTimers()
  }
})

test('after an outage it comes back with its session', async () => {
  host = await startHost(options())
  const { sessionId } = host
  peer.breakOff()
  const again = await peer.until(() => peer.hellos[1])
  expect(again.session_id).toBe(sessionId)
  expect(notices[0]).toMatch(/is away/)
})

test('drained, it tells the server, its processes leave, and it is closed', async () => {
  host = await startHost(options())
  await host.ready
  await host.drain()
  await host.closed
  expect(peer.drains).toBe(1)
  expect(host.counts()).toEqual({ 'answer/chat': { starting: 0, ready: 0, busy: 0, failure: null } })
})

test('its signal ends it with all its processes', async () => {
  const ending = new AbortController()
  host = await startHost({ ...options(), signal: ending.signal })
  await host.ready
  ending.abort()
  await host.closed
  expect(host.counts()).toEqual({ 'answer/chat': { starting: 0, ready: 0, busy: 0, failure: null } })
})

test('what the server refuses it with is thrown, and nothing was started', async () => {
  peer.welcome = { refused: { type: 'refused', code: 'invalid_request', message: 'The trigger cannot be used.' } }
  await expect(startHost(options())).rejects.toMatchObject({ code: 'invalid_request' })
})
