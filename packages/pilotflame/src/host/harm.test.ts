/** Whatever a run does to its process, it ends with a sentence, and a neighbour that is at work finishes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { install } from '../../../../tests/harness/built.ts'
import { eventually, startTestServer, type TestServer } from '../../../../tests/harness/server.ts'
import { endOf, lookAt, type Program, startProgram, startRun } from '../../../../tests/harness/serving-program.ts'

const PROGRAM = `
import { flow, serve } from 'pilotflame'
const held: unknown[] = []
const work = flow('work', async ({ how }: { how: string }, run) => {
  run.stream('at work')
  if (how === 'wait') await new Promise((resolve) => setTimeout(resolve, 4_000))
  if (how === 'loop') for (;;);
  if (how === 'leak') for (;;) { held.push(new Array(20_000).fill(how)); await null }
  if (how === 'buffers') for (;;) { held.push(Buffer.alloc(5_000_000, 1)); await new Promise((resolve) => setTimeout(resolve, 20)) }
  if (how === 'kill') process.kill(process.pid, 'SIGKILL')
  if (how === 'stop') process.kill(process.pid, 'SIGSTOP')
  if (how === 'abort') process.abort()
  return how
}, { timeoutMs: 6_000 })
await serve(work.toDeployment({ on: 'work.now' }), { isolation: 'fresh', memoryMbMax: 128, warm: { min: 2, max: 8 } })
`

let server: TestServer
const folder = mkdtempSync(join(tmpdir(), 'pilotflame-harm-'))
let program: Program

beforeAll(async () => {
  server = await startTestServer()
  install(folder)
  writeFileSync(join(folder, 'work.ts'), PROGRAM)
  program = startProgram({ folder, server, args: ['work.ts'] })
  await program.said('is ready')
})

afterAll(async () => {
  await program.stop()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const begin = (how: string) => startRun(server, 'work.now', { how })

async function sentenceOf(id: string): Promise<string> {
  const { state_name, state } = await endOf(server, id)
  return state.message === null ? state_name : `${state_name}: ${state.message}`
}

test('each of them ends with its sentence, and none of them harms the one beside it', async () => {
  const neighbour = await begin('wait')
  await eventually(async () => (await lookAt(server, neighbour)).state_type === 'RUNNING')
  const ways = ['loop', 'leak', 'buffers', 'kill', 'stop', 'abort']
  const ends = await Promise.all(ways.map(async (how) => [how, await sentenceOf(await begin(how))] as const))
  expect(Object.fromEntries(ends)).toEqual({
    loop: expect.stringMatching(/^TimedOut: .*6 000 ms/),
    leak: 'Crashed: out of memory at 128 MB',
    buffers: 'Crashed: out of memory at 128 MB',
    kill: 'Crashed: killed by SIGKILL',
    stop: 'Crashed: stopped by SIGSTOP for 2 s',
    abort: 'Crashed: killed by SIGABRT',
  })
  expect(await sentenceOf(neighbour)).toBe('Completed')
  expect(await sentenceOf(await begin(''))).toBe('Completed')
})
