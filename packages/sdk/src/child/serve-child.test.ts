/** A real process, started as a host starts it, and a peer on the other side of its channel. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHILD_VARIABLE, type ChildIdentity, type ChildMessage, type Item, type StateItem } from '@pilotflame/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LIBRARY } from '../../../../tests/harness/built.ts'
import { type Peer, startPeer } from '../executor/test-peer.ts'

const PROGRAM = `
import { appendFileSync } from 'node:fs'
import { spawn, spawnSync } from 'node:child_process'
import { flow, serve } from ${JSON.stringify(LIBRARY)}

const note = (text) => appendFileSync(process.env.NOTES, text + '\\n')
setInterval(() => {}, 1000) // the user's code leaves a timer open
let go
const work = flow('work', async ({ how }, run) => {
  run.stream('on it')
  if (how === 'wait') await new Promise((resolve) => { go = resolve; note('waits'); process.once('SIGUSR2', resolve) })
  if (how === 'never') await new Promise(() => note('waits'))
  if (how === 'throw') { setTimeout(() => { throw new TypeError('late') }); await new Promise(() => {}) }
  if (how === 'reject') { void Promise.reject(new Error('nobody')); await new Promise(() => {}) }
  if (how === 'handled') {
    void Promise.reject(new Error('nobody'))
    return new Promise((resolve) => process.once('uncaughtException', (error) => resolve(String(error))))
  }
  if (how === 'exit') { console.log('the last line'); process.exit(3) }
  if (how === 'overflow') { const deeper = () => deeper() + 1; return deeper() }
  if (how === 'close') { process.stdout.destroy(); console.log('lost'); process.stdout.write('lost') }
  if (how === 'program') {
    const program = spawn('sh', ['-c', 'trap "sleep 0.3; echo trapped >> $NOTES; exit" TERM; echo started >> $NOTES; while :; do sleep 0.05; done'])
    await new Promise(() => {})
  }
  if (how === 'env') return spawnSync(process.execPath, ['-p', 'String(process.env.${CHILD_VARIABLE})'], { encoding: 'utf8' }).stdout.trim()
  return process.pid
})
const onStart = async () => {
  if (process.env.START === 'throws') throw new Error('no database')
  note('starts')
  return () => note('cleans up')
}
const other = flow('other', () => 1)
void serve(other, { limit: 5 })
await serve(work.toDeployment({ on: 'work.now', onStart }), { isolation: 'fresh' })
note('after serve')
`

let peer: Peer
let folder: string
const children: ChildProcess[] = []

beforeEach(async () => {
  peer = await startPeer()
  folder = mkdtempSync(join(tmpdir(), 'pilotflame-child-'))
  writeFileSync(join(folder, 'program.mjs'), PROGRAM)
})

afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await peer.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Started {
  readonly child: ChildProcess
  readonly messages: ChildMessage[]
  readonly stderr: () => string
  readonly ended: Promise<number | NodeJS.Signals | null>
  notes(): string[]
}

function start(more: Partial<ChildIdentity> = {}, env: Record<string, string> = {}): Started {
  const identity: ChildIdentity = {
    deployment: 'work/work',
    version: 'v7',
    host_session_id: 'id of the host',
    uses: 1,
    api_url: peer.apiUrl,
    auth_string: null,
    ...more,
  }
  const notes = join(folder, 'notes')
  writeFileSync(notes, '')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(folder, 'program.mjs')], {
    env: { ...process.env, NOTES: notes, [CHILD_VARIABLE]: JSON.stringify(identity), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  children.push(child)
  const messages: ChildMessage[] = []
  child.on('message', (message) => messages.push(message as ChildMessage))
  let stderr = ''
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('exit', (code, signal) => {
      if (child.stderr?.destroyed) resolve(code ?? signal)
      else child.once('close', () => resolve(code ?? signal))
    }),
  )
  return {
    child,
    messages,
    stderr: () => stderr,
    ended,
    notes: () => readFileSync(notes, 'utf8').split('\n').filter(Boolean),
  }
}

const isReady = (started: Started) => peer.until(() => peer.hellos.length > 0).then(() => started)
const readyAndWelcome = async (started: Started): Promise<Started> => {
  await new Promise<void>((resolve, reject) => {
    started.child.on('message', (message: ChildMessage) => message.type === 'ready' && resolve())
    started.child.once('exit', () => reject(new Error(started.stderr())))
  })
  return isReady(started)
}

const isState =
  (type: string) =>
  (item: Item): item is StateItem =>
    item.kind === 'state' && item.state.type === type

const run = (how: string) => peer.run({ deployment_id: 'id of work/work', parameters: { how } })

test('it takes the one deployment that it was started for, and says whose it is', async () => {
  const started = await readyAndWelcome(start())
  expect(peer.hellos).toHaveLength(1)
  expect(peer.hellos[0]).toMatchObject({
    host_session_id: 'id of the host',
    uses: 1,
    limit: 1,
    deployments: [{ flow_name: 'work', name: 'work', version: 'v7', keep_triggers: true }],
  })
  expect(started.messages).toEqual([{ type: 'ready', session_id: expect.any(String) }])
  expect(started.notes()).toEqual(['starts'])
})

test('a fresh one leaves when the end of its run is acknowledged, whatever is left open', async () => {
  const started = await readyAndWelcome(start())
  peer.acknowledge = false
  const { run_id } = run('')
  await peer.item(isState('COMPLETED'))
  expect(started.child.exitCode).toBeNull()
  for (const { seq } of peer.batches) peer.send({ type: 'ack', seq, refused: [] })
  expect(await started.ended).toBe(0)
  expect(started.messages.at(-1)).toEqual({ type: 'ended', run_id, epoch: 1 })
  expect(started.notes()).toEqual(['starts', 'cleans up'])
})

test('one with more uses takes its runs one after the other', async () => {
  const started = await readyAndWelcome(start({ uses: 2 }))
  const first = run('')
  await peer.item((item) => item.run_id === first.run_id && isState('COMPLETED')(item))
  const second = run('')
  await peer.item((item) => item.run_id === second.run_id && isState('COMPLETED')(item))
  expect(await started.ended).toBe(0)
  expect(started.messages.map(({ type }) => type)).toEqual(['ready', 'ended', 'ended'])
})

test('SIGTERM: an idle one leaves at once', async () => {
  const started = await readyAndWelcome(start())
  started.child.kill('SIGTERM')
  expect(await started.ended).toBe(0)
  expect(peer.drains).toBe(1)
  expect(started.notes()).toEqual(['starts', 'cleans up'])
})

test('SIGTERM: one that waits for a server that is away leaves, too', async () => {
  await peer.close()
  const started = start()
  while (!started.notes().includes('starts')) await new Promise((resolve) => setTimeout(resolve, 10))
  started.child.kill('SIGTERM')
  expect(await started.ended).toBe(0)
  peer = await startPeer()
})

test("what the user's code listens for itself is left to it", async () => {
  const started = await readyAndWelcome(start())
  run('handled')
  expect((await peer.item(isState('COMPLETED'))).result).toBe('Error: nobody')
  expect(await started.ended).toBe(0)
})

test('SIGTERM: a busy one finishes its run first', async () => {
  const started = await readyAndWelcome(start({ uses: 10 }))
  run('wait')
  await peer.item(isState('RUNNING'))
  started.child.kill('SIGTERM')
  await peer.until(() => peer.drains === 1)
  started.child.kill('SIGUSR2')
  await peer.item(isState('COMPLETED'))
  expect(await started.ended).toBe(0)
})

test('a host that is gone: it finishes its run, and leaves', async () => {
  const started = await readyAndWelcome(start({ uses: 10 }))
  run('wait')
  await peer.item(isState('RUNNING'))
  started.child.stdout?.destroy()
  started.child.stderr?.destroy()
  started.child.disconnect()
  await peer.until(() => peer.drains === 1)
  started.child.kill('SIGUSR2')
  await peer.item(isState('COMPLETED'))
  expect(await started.ended).toBe(0)
})

test('SIGTERM: a run that was told to stop and does not is left', async () => {
  const started = await readyAndWelcome(start())
  const { run_id } = run('never')
  await peer.item(isState('RUNNING'))
  peer.send({ type: 'cancel', run_id, epoch: 1, reason: 'somebody asked' })
  await new Promise<void>((resolve) => setImmediate(resolve))
  await peer.until(() => peer.items().length > 0)
  while (started.child.exitCode === null && started.child.signalCode === null) {
    started.child.kill('SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(await started.ended).toBe(143)
})

test('SIGTERM: programs of a stopped run get the time that they take', async () => {
  const started = await readyAndWelcome(start())
  const { run_id } = run('program')
  await peer.item(isState('RUNNING'))
  while (!started.notes().includes('started')) await new Promise((resolve) => setTimeout(resolve, 10))
  peer.send({ type: 'cancel', run_id, epoch: 1, reason: 'somebody asked' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  process.kill(-(started.child.pid ?? 0), 'SIGTERM')
  expect(await started.ended).toBe(143)
  expect(started.notes()).toContain('trapped')
})

test.each([
  ['throw', 'Uncaught TypeError: late'],
  ['reject', 'Unhandled rejection: Error: nobody'],
])('%s: what nobody catches ends the process with code 1, and says so', async (how, text) => {
  const started = await readyAndWelcome(start())
  run(how)
  expect(await started.ended).toBe(1)
  expect(started.stderr()).toContain(text)
  expect(started.messages.at(-1)).toEqual({ type: 'failed', message: text })
})

test('a run that ends its process: its last lines are still told', async () => {
  const started = await readyAndWelcome(start())
  run('exit')
  expect(await started.ended).toBe(3)
  await peer.item((item) => item.kind === 'log' && item.message === 'the last line')
})

test('a stack overflow fails the run, and is no end of the process', async () => {
  const started = await readyAndWelcome(start())
  run('overflow')
  expect((await peer.item(isState('FAILED'))).state.message).toContain('Maximum call stack size exceeded')
  expect(await started.ended).toBe(0)
})

test('a closed stdout loses what is written, and nothing else', async () => {
  const started = await readyAndWelcome(start())
  run('close')
  await peer.item(isState('COMPLETED'))
  expect(await started.ended).toBe(0)
})

test('programs that the run starts are no children of the host', async () => {
  await readyAndWelcome(start())
  run('env')
  expect((await peer.item(isState('COMPLETED'))).result).toBe('undefined')
})

test('a hook that throws: the host is told, and it leaves with code 1', async () => {
  const started = start({}, { START: 'throws' })
  expect(await started.ended).toBe(1)
  expect(started.messages).toEqual([{ type: 'failed', message: 'Error: no database' }])
  expect(started.stderr()).toContain('no database')
  expect(peer.hellos).toEqual([])
})

test('a script that no longer serves the deployment says so', async () => {
  const started = start({ deployment: 'gone/gone' })
  expect(await started.ended).toBe(1)
  expect(started.messages).toEqual([{ type: 'failed', message: expect.stringContaining('no longer serves gone/gone') }])
  expect(peer.hellos).toEqual([])
})
