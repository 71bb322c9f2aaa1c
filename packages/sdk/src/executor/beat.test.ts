import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BeatOptions, keepBeating } from './beat.ts'
import { type Peer, startPeer } from './test-peer.ts'

let peer: Peer

beforeEach(async () => {
  peer = await startPeer()
})
afterEach(() => peer.close())

const options = (sessionId: string): BeatOptions => ({ target: { kind: 'socket', path: peer.path }, sessionId, everyMs: 20 })

test('goes on while the main thread is busy', async () => {
  const worker = new Worker(new URL('./beat-thread.ts', import.meta.url), { workerData: options('one'), execArgv: [], env: {} })
  await peer.until(() => peer.beats.length > 0)
  const before = peer.beats.length
  const end = performance.now() + 300
  while (performance.now() < end); // nothing else runs on this thread
  await new Promise((resolve) => setImmediate(resolve)) // reads what came meanwhile, all at once
  await peer.until(() => peer.beats.length >= before + 5)
  expect(performance.now()).toBeLessThan(end + 100) // not made up for later
  worker.postMessage(options('two'))
  await peer.until(() => peer.beats.includes('two'))
  await worker.terminate()
})

test('connects again when its connection breaks off', async () => {
  const stop = keepBeating(options('one'))
  await peer.until(() => peer.beats.length > 1)
  peer.breakOff()
  const before = peer.beats.length
  await peer.until(() => peer.beats.length > before)
  expect(peer.connections).toHaveLength(1)
  stop()
})
