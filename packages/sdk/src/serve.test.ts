import type { Item, StateItem } from '@pilotflame/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Peer, startPeer } from './executor/test-peer.ts'
import { flow } from './flow/flow.ts'
import { readyLine } from './ready-line.ts'
import { serve } from './serve.ts'

let peer: Peer
const stdout: string[] = []

beforeEach(async () => {
  peer = await startPeer()
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout.push(String(text))
    return true
  })
})

afterEach(async () => {
  vi.restoreAllMocks()
  stdout.length = 0
  await peer.close()
})

const isState =
  (type: string) =>
  (item: Item): item is StateItem =>
    item.kind === 'state' && item.state.type === type

test('one flow: says one line, takes runs, and ends by its signal', async () => {
  const stop = new AbortController()
  const chat = flow('chat', async ({ n }: { n: number }) => n + 1)
  const served = chat.serve({ name: 'bot', on: 'chat.message', limit: 3, signal: stop.signal, apiUrl: peer.apiUrl })
  await vi.waitUntil(() => stdout.length > 0, { interval: 5 })
  expect(stdout).toEqual([`bot is ready: waiting for chat.message (limit 3) · ${peer.apiUrl}\n`])
  expect(peer.hellos[0]).toMatchObject({ limit: 3, deployments: [{ flow_name: 'chat', name: 'bot' }] })
  peer.run({ deployment_id: 'id of chat/bot', parameters: { n: 1 } })
  expect((await peer.item(isState('COMPLETED'))).result).toBe(2)
  stop.abort()
  await served
  expect(peer.drains).toBe(1)
})

test('onStart runs before the process says hello, and its clean-up after the last run', async () => {
  const stop = new AbortController()
  const notes: string[] = []
  const chat = flow('chat', () => notes.push('runs'))
  const served = serve(
    chat.toDeployment({
      onStart: async () => {
        notes.push(`starts, ${peer.hellos.length} hellos`)
        return () => notes.push('cleans up')
      },
    }),
    { onStart: () => notes.push('starts for all'), signal: stop.signal, apiUrl: peer.apiUrl },
  )
  await vi.waitUntil(() => stdout.length > 0, { interval: 5 })
  peer.run({ deployment_id: 'id of chat/chat' })
  await peer.item(isState('COMPLETED'))
  stop.abort()
  await served
  expect(notes).toEqual(['starts for all', 'starts, 0 hellos', 'runs', 'cleans up'])
})

test('a hook that throws is an error of serve', async () => {
  const onStart = () => {
    throw new Error('no database')
  }
  await expect(
    serve(
      flow('chat', () => 1),
      { onStart, apiUrl: peer.apiUrl },
    ),
  ).rejects.toThrow('no database')
  expect(peer.hellos).toEqual([])
})

test('a limit, or retries, that are no whole number are refused by their name, and part of a millisecond is rounded', async () => {
  const chat = flow('chat', () => 1)
  for (const limit of [0, 1.5, Number.POSITIVE_INFINITY, Number.NaN]) {
    await expect(chat.serve({ limit, apiUrl: peer.apiUrl }), String(limit)).rejects.toThrow('"limit" is')
  }
  for (const options of [{ retries: 0.5 }, { retryDelayMs: 1e300 }, { retries: -1 }]) {
    expect(() => flow('odd', () => 1, options), JSON.stringify(options)).toThrow(/^"retr\w+" of the flow "odd"/)
  }
  expect(flow('short', () => 1, { retries: 1, retryDelayMs: 1.6 }).toDeployment().offer.retry_delay_ms).toBe(2)
})

test('isolation needs the package that brings hosts along, and no limit', async () => {
  const chat = flow('chat', () => 1)
  await expect(serve(chat, { isolation: 'fresh', apiUrl: peer.apiUrl })).rejects.toThrow('needs the package pilotflame')
  await expect(chat.serve({ isolation: 'fresh', limit: 3, apiUrl: peer.apiUrl })).rejects.toThrow('say it with "warm.max"')
})

test('a run that is on its way when a process drains is taken', async () => {
  const stop = new AbortController()
  const served = flow('chat', () => 'taken').serve({ signal: stop.signal, apiUrl: peer.apiUrl })
  await vi.waitUntil(() => stdout.length > 0, { interval: 5 })
  peer.acknowledge = (batch) => {
    if (batch.items.length === 0) peer.run({ deployment_id: 'id of chat/chat' })
    return { type: 'ack', seq: batch.seq, refused: [] }
  }
  stop.abort()
  await served
  expect((await peer.item(isState('COMPLETED'))).result).toBe('taken')
})

test('Ctrl-C lets the runs at work end, a second one hands them back', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
  const before = process.listeners('SIGINT')
  const { promise: aborted, resolve: abort } = Promise.withResolvers<unknown>()
  const chat = flow('chat', async (_: object, run) => {
    run.signal.addEventListener('abort', () => abort(run.signal.reason))
    await new Promise(() => {})
  })
  const served = serve(chat, { apiUrl: peer.apiUrl })
  await vi.waitUntil(() => stdout.length > 0, { interval: 5 })
  peer.run({ deployment_id: 'id of chat/chat' })
  await peer.item(isState('RUNNING'))
  const [end] = process.listeners('SIGINT').filter((listener) => !before.includes(listener))
  end?.('SIGINT')
  await peer.until(() => peer.drains === 1)
  end?.('SIGINT')
  expect(await aborted).toMatchObject({ code: 'shutting_down' })
  await served
  expect(process.listeners('SIGINT')).toEqual(before)
  await peer.until(() => peer.handBacks === 1)
  await vi.waitUntil(() => exit.mock.calls.length > 0)
  expect(exit).toHaveBeenCalledWith(130)
})

test('its signal ends it while the server is away', async () => {
  const stop = new AbortController()
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await peer.close()
  const served = flow('chat', () => 1).serve({ signal: stop.signal, apiUrl: peer.apiUrl })
  await vi.waitUntil(() => stderr.mock.calls.length > 0)
  stop.abort()
  await served
  expect(stderr.mock.calls.map(([text]) => String(text)).join('')).toContain('is away')
  expect(stdout).toEqual([])
  peer = await startPeer()
})

test('several: a bare flow gets its own name', async () => {
  const stop = new AbortController()
  const one = flow('one', () => 1)
  const two = flow('two', () => 2)
  const served = serve(one, two.toDeployment({ name: 'second', on: ['a', 'b.*'] }), {
    limit: 5,
    signal: stop.signal,
    apiUrl: peer.apiUrl,
  })
  await vi.waitUntil(() => stdout.length > 0, { interval: 5 })
  expect(stdout).toEqual([`one, second (a, b.*) are ready (limit 5) · ${peer.apiUrl}\n`])
  expect(peer.hellos[0]?.deployments.map(({ flow_name, name }) => `${flow_name}/${name}`)).toEqual(['one/one', 'two/second'])
  stop.abort()
  await served
})

test('without a trigger it waits for runs', () => {
  expect(readyLine([flow('one', () => 1).toDeployment()], 'limit 100', 'http://x/api')).toBe(
    'one is ready: waiting for runs (limit 100) · http://x/api',
  )
})
