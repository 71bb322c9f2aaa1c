import { decodeValue, type Item, type StateItem } from '@pilotflame/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AnyFlow, ServedDeployment } from '../flow/definition.ts'
import { flow } from '../flow/flow.ts'
import { currentRun } from '../run/context.ts'
import type { Run } from '../run/run.ts'
import { task } from '../task/task.ts'
import { type Executor, type ExecutorOptions, startExecutor } from './executor.ts'
import { BOOT, type Peer, startPeer } from './test-peer.ts'

let peer: Peer
let executors: Executor[] = []
const notices: string[] = []

const start = async (given: AnyFlow | ServedDeployment, options: Partial<ExecutorOptions> = {}): Promise<Executor> => {
  const deployment = 'offer' in given ? given : given.toDeployment()
  const executor = await startExecutor({
    deployments: [deployment],
    apiUrl: peer.apiUrl,
    bootId: BOOT,
    onNotice: (text) => notices.push(text),
    ...options,
  })
  executors.push(executor)
  return executor
}

const deploymentId = (name: string) => `id of ${name}/${name}`
const isState =
  (type: string) =>
  (item: Item): item is StateItem =>
    item.kind === 'state' && item.state.type === type
const states = (runId: string) =>
  peer.items().flatMap((item) => (item.kind === 'state' && item.run_id === runId ? [item.state.name ?? item.state.type] : []))
const chunks = () => peer.items().flatMap((item) => (item.kind === 'chunk' ? [`${item.attempt}-${item.n} ${item.text}`] : []))

beforeEach(async () => {
  peer = await startPeer()
})

afterEach(async () => {
  vi.restoreAllMocks()
  for (const executor of executors) {
    executor.close()
    await executor.closed.catch(() => {})
  }
  executors = []
  notices.length = 0
  await peer.close()
})

describe('hello', () => {
  test('says who it is and what it offers', async () => {
    const chat = flow('chat', async () => 'hello', { retries: 2, retryDelayMs: 500, tags: ['a'], description: 'Answers.' })
    const deployment = chat.toDeployment({
      name: 'bot',
      on: 'chat.*',
      parameters: { question: '{{ event.payload.text }}' },
      version: 'v1',
    })
    const executor = await start(deployment, { limit: 7, name: 'chatbot.ts' })
    const [hello] = peer.hellos
    expect(hello).toMatchObject({
      protocol: 1,
      session_id: null,
      name: 'chatbot.ts',
      pid: process.pid,
      boot_id: BOOT,
      limit: 7,
      holds: [],
    })
    expect(hello?.deployments).toEqual([
      {
        flow_name: 'chat',
        name: 'bot',
        version: 'v1',
        entrypoint: null,
        description: 'Answers.',
        tags: ['a'],
        parameters: {},
        parameter_schema: null,
        triggers: [
          {
            trigger: { type: 'event', expect: ['chat.*'], posture: 'Reactive', threshold: 1, within: 0 },
            parameters: { question: '{{ event.payload.text }}' },
          },
        ],
        retries: 2,
        retry_delay_ms: 500,
      },
    ])
    expect(executor.deployments).toEqual([{ id: 'id of chat/bot', flow_name: 'chat', name: 'bot' }])
  })

  test('takes the unix socket on the same machine', async () => {
    await start(flow('chat', () => 1))
    expect(peer.connections.map(({ kind }) => kind)).toEqual(['socket'])
  })

  test('takes the websocket from another machine', async () => {
    await start(
      flow('chat', () => 1),
      { bootId: 'another boot' },
    )
    expect(peer.connections.map(({ kind }) => kind)).toEqual(['websocket'])
    const { run_id } = peer.run({ deployment_id: deploymentId('chat') })
    const { marks } = await peer.item(isState('COMPLETED'))
    expect(states(run_id)).toEqual(['RUNNING', 'COMPLETED'])
    expect(marks?.boot).toBe('another boot')
    expect(marks?.at.received).toBeUndefined() // a reading of another machine's clock
  })

  test('a refused hello is an error with its code', async () => {
    peer.welcome = { refused: { type: 'refused', code: 'invalid_request', message: 'No.' } }
    await expect(start(flow('chat', () => 1))).rejects.toMatchObject({ code: 'invalid_request', message: 'No.' })
    expect(peer.hellos).toHaveLength(1)
  })

  test('a wrong auth string is an error, and the right one gets in', async () => {
    await peer.close()
    peer = await startPeer({ socket: false, authString: 'me:secret' })
    await expect(
      start(
        flow('chat', () => 1),
        { authString: 'me:wrong' },
      ),
    ).rejects.toMatchObject({ code: 'unauthorized' })
    await start(
      flow('chat', () => 1),
      { authString: 'me:secret' },
    )
    expect(peer.hellos).toHaveLength(1)
  })
})

describe('a run', () => {
  test('gets its parameters and its parts, streams, logs and returns', async () => {
    const print = vi.spyOn(console, 'log').mockImplementation(() => {})
    let seen: Run | undefined
    const chat = flow('chat', async ({ question }: { question: string }, run) => {
      seen = run
      run.logger.info('asked', { question })
      run.stream('one ')
      run.stream('')
      run.stream('two')
      console.log('printed %s', 'too')
      return { answer: question.length, at: new Date(0) }
    })
    await start(chat)
    const { run_id } = peer.run({ deployment_id: deploymentId('chat'), parameters: { question: 'why' }, tags: ['x'], attempt: 2 })
    const end = await peer.item(isState('COMPLETED'))
    expect(seen).toMatchObject({ id: run_id, name: 'brave-otter', attempt: 2, tags: ['x'], parameters: { question: 'why' } })
    expect(seen?.deployment).toEqual({ id: deploymentId('chat'), name: 'chat/chat' })
    expect(chunks()).toEqual(['2-1 one ', '2-2 two'])
    const logs = peer.items().flatMap((item) => (item.kind === 'log' ? [[item.name, item.level, item.message]] : []))
    expect(logs).toEqual([
      ['pilotflame.flow_runs', 20, 'asked {"question":"why"}'],
      ['console', 20, 'printed too'],
    ])
    expect(peer.items().map(({ kind }) => kind)).toEqual(['state', 'log', 'chunk', 'chunk', 'log', 'state'])
    expect(decodeValue(end.result ?? null)).toEqual({ answer: 3, at: new Date(0) })
    expect(print).toHaveBeenCalledWith('printed %s', 'too')
  })

  test('carries the marks, each after the one before it', async () => {
    const chat = flow('chat', async (_: object, run) => {
      run.stream('a')
      await new Promise(setImmediate)
      run.stream('b')
    })
    await start(chat)
    peer.run({ deployment_id: deploymentId('chat') })
    const end = await peer.item(isState('COMPLETED'))
    const running = await peer.item(isState('RUNNING'))
    expect(Object.keys(running.marks?.at ?? {})).toEqual(
      ['received', 'matched', 'committed', 'dispatched', 'executor_ready', 'code_ready', 'first_line'].concat(
        running.marks?.at.first_output === undefined ? [] : ['first_output', 'last_output'],
      ),
    )
    const at = end.marks?.at ?? {}
    const order = [at.executor_ready, at.code_ready, at.first_line, at.first_output, at.last_output, at.completed].map(Number)
    expect(order).toEqual([...order].sort((a, b) => a - b))
  })

  test('marks its first line within 0.1 ms of a clock read there', async () => {
    let firstStatement = 0
    const chat = flow('chat', async () => {
      firstStatement = Number(process.hrtime.bigint()) / 1000
    })
    await start(chat)
    const gaps: number[] = []
    for (let n = 0; n < 9; n++) {
      const { run_id } = peer.run({ deployment_id: deploymentId('chat') })
      const { marks } = await peer.item<StateItem>((item) => item.run_id === run_id && isState('COMPLETED')(item))
      gaps.push(firstStatement - Number(marks?.at.first_line))
    }
    gaps.sort((a, b) => a - b)
    expect(gaps[0]).toBeGreaterThanOrEqual(0)
    expect(gaps[4]).toBeLessThan(100)
  })

  test('of a quick flow says Running and Completed in one batch', async () => {
    await start(flow('chat', async () => 1))
    peer.run({ deployment_id: deploymentId('chat') })
    await peer.item(isState('COMPLETED'))
    expect(peer.batches.map(({ items }) => items.length)).toEqual([2])
  })

  test('sends its first chunk before the function goes on', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const chat = flow('chat', async (_: object, run) => {
      run.stream('first')
      await promise
    })
    await start(chat)
    peer.run({ deployment_id: deploymentId('chat') })
    const chunk = await peer.item((item) => item.kind === 'chunk')
    expect(chunk).toMatchObject({ n: 1, text: 'first' })
    resolve()
    await peer.item(isState('COMPLETED'))
  })

  test('that throws is Failed with name, message and stack', async () => {
    const chat = flow('chat', async () => {
      throw new RangeError('too far')
    })
    await start(chat)
    peer.run({ deployment_id: deploymentId('chat') })
    const { state } = await peer.item(isState('FAILED'))
    expect(state.message).toBe('RangeError: too far')
    expect(state.details?.traceback).toContain('executor.test.ts')
  })

  test('whose parameters do not fit the schema fails before its first line, naming the path', async () => {
    let called = false
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof (value as { n: unknown }).n === 'string'
            ? { value: { n: Number((value as { n: string }).n) } }
            : { issues: [{ message: 'must be text', path: ['n'] }] },
      },
    } as const
    const chat = flow(
      'chat',
      async (parameters: unknown) => {
        called = true
        return parameters
      },
      { parameters: schema },
    )
    await start(chat)
    const { run_id } = peer.run({ deployment_id: deploymentId('chat'), parameters: { n: 1 } })
    const { state } = await peer.item(isState('FAILED'))
    expect(state.message).toContain('n: must be text')
    expect(called).toBe(false)
    expect(states(run_id)).toEqual(['FAILED'])
    peer.run({ deployment_id: deploymentId('chat'), parameters: { n: '7' } })
    expect((await peer.item(isState('COMPLETED'))).result).toEqual({ n: 7 })
  })

  test('that takes longer than its time is TimedOut, and its signal is aborted', async () => {
    let reason: unknown
    const chat = flow(
      'chat',
      (_: object, run) => new Promise(() => run.signal.addEventListener('abort', () => (reason = run.signal.reason))),
      {
        timeoutMs: 20,
      },
    )
    await start(chat)
    peer.run({ deployment_id: deploymentId('chat') })
    const { state } = await peer.item(isState('FAILED'))
    expect(state.name).toBe('TimedOut')
    expect(reason).toMatchObject({ code: 'run_timed_out' })
  })

  test('whose code is loaded late starts when it is there', async () => {
    const chat = flow('chat', async () => 'late')
    const { offer } = chat.toDeployment()
    let loads = 0
    const load = async () => {
      loads++
      await new Promise((resolve) => setTimeout(resolve, 20))
      return chat
    }
    await start({ offer, load })
    peer.run({ deployment_id: deploymentId('chat') })
    const { marks } = await peer.item(isState('COMPLETED'))
    expect(Number(marks?.at.code_ready) - Number(marks?.at.executor_ready)).toBeGreaterThan(15_000)
    const second = peer.run({ deployment_id: deploymentId('chat') })
    await peer.until(() => states(second.run_id).includes('COMPLETED'))
    expect(loads).toBe(1)
  })

  test('whose code cannot be loaded fails', async () => {
    const { offer } = flow('chat', () => 1).toDeployment()
    await start({ offer, load: () => Promise.reject(new Error('no such file')) })
    peer.run({ deployment_id: deploymentId('chat') })
    expect((await peer.item(isState('FAILED'))).state.message).toBe('Error: no such file')
  })
})

describe('cancel', () => {
  test('aborts the signal, and Cancelled comes when the function has ended', async () => {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<unknown>()
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const chat = flow('chat', async (_: object, run) => {
      run.signal.addEventListener('abort', () => abort(run.signal.reason))
      await gate
      return 'ignored it'
    })
    await start(chat)
    const { run_id, epoch } = peer.run({ deployment_id: deploymentId('chat') })
    await peer.item(isState('RUNNING'))
    peer.send({ type: 'cancel', run_id, epoch, reason: 'Somebody asked.' })
    expect(await aborted).toMatchObject({ code: 'run_cancelled', message: 'Somebody asked.' })
    expect(states(run_id)).toEqual(['RUNNING'])
    open()
    expect((await peer.item(isState('CANCELLED'))).state.message).toBe('Somebody asked.')
    expect(states(run_id)).toEqual(['RUNNING', 'CANCELLED'])
  })

  test('stops waiting for a task at once, but the run ends when the task function has', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<string>()
    const { promise: stopped, resolve: stop } = Promise.withResolvers<unknown>()
    const slow = task('slow', () => gate)
    const chat = flow('chat', () =>
      slow().catch((error) => {
        stop(error)
        throw error
      }),
    )
    await start(chat)
    const { run_id, epoch } = peer.run({ deployment_id: deploymentId('chat') })
    await peer.item((item) => item.kind === 'task')
    peer.send({ type: 'cancel', run_id, epoch, reason: 'Enough.' })
    expect(await stopped).toMatchObject({ code: 'run_cancelled' })
    expect(states(run_id)).toEqual(['RUNNING'])
    open('too late')
    await peer.item(isState('CANCELLED'))
    const taskStates = peer.items().flatMap((item) => (item.kind === 'task' ? [item.state.type] : []))
    expect(taskStates).toEqual(['RUNNING', 'CANCELLED'])
    expect(peer.items().at(-1)?.kind).toBe('state')
  })
})

describe('tasks', () => {
  const double = (calls: string[]) =>
    task('double', async (n: number) => {
      calls.push(`double ${n}`)
      return n * 2
    })

  test('resolve after their record was acknowledged', async () => {
    peer.acknowledge = false
    let after = false
    const twice = double([])
    const chat = flow('chat', async () => {
      const value = await twice(4)
      after = true
      return value
    })
    await start(chat)
    peer.run({ deployment_id: deploymentId('chat') })
    const done = await peer.item((item) => item.kind === 'task' && item.state.type === 'COMPLETED')
    expect(done).toMatchObject({ task_key: 'double', name: 'double-0', result: 8, run_count: 1 })
    expect(after).toBe(false)
    peer.acknowledge = true
    for (const { seq } of peer.batches) peer.send({ type: 'ack', seq, refused: [] })
    expect((await peer.item(isState('COMPLETED'))).result).toBe(8)
    expect(after).toBe(true)
  })

  test('recorded in an earlier attempt are not called again', async () => {
    const calls: string[] = []
    const twice = double(calls)
    let crash = true
    const chat = flow('chat', async () => {
      const values = [await twice(1), await twice(1), await twice(2)]
      if (crash) throw new Error('crash')
      return values
    })
    await start(chat)
    const first = peer.run({ deployment_id: deploymentId('chat') })
    await peer.item(isState('FAILED'))
    const done = peer.items().flatMap((item) => (item.kind === 'task' && item.result !== undefined ? [item] : []))
    expect(new Set(done.map(({ dynamic_key }) => dynamic_key)).size).toBe(3)
    expect(calls).toEqual(['double 1', 'double 1', 'double 2'])
    crash = false
    const recorded = done.slice(0, 2).map(({ task_key, dynamic_key, result = null }) => ({ task_key, dynamic_key, result }))
    peer.run({ run_id: first.run_id, epoch: 2, attempt: 2, deployment_id: deploymentId('chat'), recorded })
    expect((await peer.item(isState('COMPLETED'))).result).toEqual([2, 2, 4])
    expect(calls).toEqual(['double 1', 'double 1', 'double 2', 'double 2'])
    const again = peer.items().filter((item) => item.kind === 'task' && item.epoch === 2)
    expect(new Set(again.map((item) => item.kind === 'task' && item.task_run_id))).toEqual(new Set([done[2]?.task_run_id]))
  })

  test('report their tries in the words of Prefect', async () => {
    let tries = 0
    const shaky = task(
      'shaky',
      async () => {
        if (++tries < 3) throw new Error(`no ${tries}`)
        return 'yes'
      },
      { retries: 3 },
    )
    await start(flow('chat', () => shaky()))
    peer.run({ deployment_id: deploymentId('chat') })
    expect((await peer.item(isState('COMPLETED'))).result).toBe('yes')
    const seen = peer
      .items()
      .flatMap((item) => (item.kind === 'task' ? [`${item.state.name ?? item.state.type} ${item.run_count}`] : []))
    expect(seen).toEqual(['RUNNING 1', 'AwaitingRetry 1', 'Retrying 2', 'AwaitingRetry 2', 'Retrying 3', 'COMPLETED 3'])
  })

  test('of many runs at once never mix', async () => {
    const print = vi.spyOn(console, 'log').mockImplementation(() => {})
    const who = task('who', async (n: number) => {
      await new Promise((resolve) => setTimeout(resolve, (n * 7) % 5))
      const inner = task('inner', async () => currentRun()?.id)
      console.log('in', n)
      return [currentRun()?.id, await inner()]
    })
    const chat = flow('chat', async (_: object, run) => {
      const all = await Promise.all([1, 2, 3, 4].map((n) => who(n)))
      return all.flat().every((id) => id === run.id)
    })
    await start(chat)
    const runs = Array.from({ length: 20 }, () => peer.run({ deployment_id: deploymentId('chat') }))
    await peer.until(() => peer.items().filter(isState('COMPLETED')).length === 20)
    for (const { run_id } of runs) {
      const own = peer.items().filter((item) => item.run_id === run_id)
      expect(own.filter(isState('COMPLETED')).map(({ result }) => result)).toEqual([true])
      const logs = own.flatMap((item) => (item.kind === 'log' ? [item.task_run_id] : []))
      expect(logs).toHaveLength(4)
      expect(new Set(logs).size).toBe(4)
    }
    expect(print).toHaveBeenCalledTimes(80)
  })
})

describe('reconnect', () => {
  test('sends what was not acknowledged again, in order and once', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const chat = flow('chat', async (_: object, run) => {
      run.stream('a')
      await gate
      run.stream('b')
      return 'done'
    })
    const executor = await start(chat)
    peer.acknowledge = false
    const { run_id } = peer.run({ deployment_id: deploymentId('chat') })
    await peer.item((item) => item.kind === 'chunk')
    const before = peer.batches.splice(0)
    peer.breakOff()
    open()
    peer.acknowledge = true
    await peer.item(isState('COMPLETED'))
    expect(peer.hellos[1]).toMatchObject({ session_id: executor.sessionId, holds: [{ run_id, epoch: 1 }] })
    expect(states(run_id)).toEqual(['RUNNING', 'COMPLETED'])
    expect(chunks()).toEqual(['1-1 a', '1-2 b'])
    expect(peer.batches[0]?.seq).toBeGreaterThan(before.at(-1)?.seq ?? 0)
    expect(peer.items()[0]).toEqual(before[0]?.items[0])
    expect(notices).toHaveLength(1)
    expect(notices[0]).toContain('is away')
  })

  test('forgets what it held when the server has ended the session', async () => {
    const { promise: aborted, resolve: abort } = Promise.withResolvers<unknown>()
    const chat = flow('chat', async (_: object, run) => {
      run.stream('a')
      await new Promise<void>((resolve) =>
        run.signal.addEventListener('abort', () => {
          abort(run.signal.reason)
          resolve()
        }),
      )
      run.stream('unheard')
    })
    const executor = await start(chat)
    const { run_id } = peer.run({ deployment_id: deploymentId('chat') })
    await peer.item((item) => item.kind === 'chunk')
    const before = executor.sessionId
    peer.batches.length = 0
    peer.welcome = { resumed: false, sessionId: 'another session' }
    peer.breakOff()
    expect(await aborted).toMatchObject({ code: 'session_ended' })
    expect(executor.sessionId).not.toBe(before)
    peer.welcome = {}
    peer.run({ run_id, epoch: 2, attempt: 2, deployment_id: deploymentId('chat') })
    await peer.item((item) => item.kind === 'chunk' && item.epoch === 2)
    expect(peer.items().filter(({ epoch }) => epoch === 1)).toEqual([])
  })

  test('a run that is sent twice is started once', async () => {
    let calls = 0
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    await start(
      flow('chat', async () => {
        calls++
        await gate
      }),
    )
    peer.send(peer.run({ deployment_id: deploymentId('chat') }))
    await peer.item(isState('RUNNING'))
    open()
    await peer.item(isState('COMPLETED'))
    expect(calls).toBe(1)
  })
})

test('a stale lease aborts the run, and nothing more of it is sent', async () => {
  const { promise: aborted, resolve: abort } = Promise.withResolvers<unknown>()
  const chat = flow('chat', async (_: object, run) => {
    run.signal.addEventListener('abort', () => abort(run.signal.reason))
    await aborted
    run.stream('unheard')
    run.logger.info('unheard')
  })
  await start(chat)
  peer.acknowledge = ({ seq, items }) => ({
    type: 'ack',
    seq,
    refused: items.map((_, index) => ({ index, code: 'stale_lease', message: 'Lease 1 has ended.' })),
  })
  const { run_id } = peer.run({ deployment_id: deploymentId('chat') })
  expect(await aborted).toMatchObject({ code: 'stale_lease' })
  peer.acknowledge = true
  const other = peer.run({ deployment_id: deploymentId('chat'), run_id: '00000000-0000-7000-8000-000000000000' })
  await peer.until(() => states(other.run_id).includes('COMPLETED'))
  expect(states(run_id)).toEqual(['RUNNING'])
  expect(peer.items().filter((item) => item.run_id === run_id)).toHaveLength(1)
})

test('more runs than its limit wait in order, and may be cancelled there', async () => {
  const order: string[] = []
  const gates: (() => void)[] = []
  const chat = flow('chat', async ({ n }: { n: string }) => {
    order.push(n)
    await new Promise<void>((resolve) => gates.push(resolve))
  })
  await start(chat, { limit: 1 })
  const frames = ['1', '2', '3'].map((n) => peer.run({ deployment_id: deploymentId('chat'), parameters: { n } }))
  await peer.item(isState('RUNNING'))
  peer.send({ type: 'cancel', run_id: frames[1]?.run_id ?? '', epoch: 1, reason: 'Not needed.' })
  await peer.item(isState('CANCELLED'))
  expect(order).toEqual(['1'])
  gates[0]?.()
  await peer.until(() => states(frames[2]?.run_id ?? '').includes('RUNNING'))
  expect(order).toEqual(['1', '3'])
  expect(states(frames[1]?.run_id ?? '')).toEqual(['CANCELLED'])
  gates[1]?.()
  await peer.until(() => states(frames[2]?.run_id ?? '').includes('COMPLETED'))
})

test('drain waits for the runs at work and leaves', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const executor = await start(flow('chat', () => gate))
  const { run_id } = peer.run({ deployment_id: deploymentId('chat') })
  await peer.item(isState('RUNNING'))
  let left = false
  const drained = executor.drain().then(() => {
    left = true
  })
  await peer.until(() => peer.drains === 1)
  expect(left).toBe(false)
  open()
  await drained
  expect(states(run_id)).toEqual(['RUNNING', 'COMPLETED'])
  await executor.closed
})

test('close tells the runs to stop', async () => {
  const { promise: aborted, resolve: abort } = Promise.withResolvers<unknown>()
  const executor = await start(
    flow('chat', async (_: object, run) => {
      run.signal.addEventListener('abort', () => abort(run.signal.reason))
      await aborted
    }),
  )
  peer.run({ deployment_id: deploymentId('chat') })
  await peer.item(isState('RUNNING'))
  executor.close()
  expect(await aborted).toMatchObject({ code: 'shutting_down' })
  await executor.closed
})

test('beats for its session from a thread of its own', async () => {
  const executor = await start(flow('chat', () => 1))
  expect(await peer.until(() => peer.beats[0])).toBe(executor.sessionId)
})

test('a refused hello is tried again where the server is just leaving', async () => {
  await start(flow('chat', () => 1))
  peer.welcome = { refused: { type: 'refused', code: 'shutting_down', message: 'The server is leaving.' } }
  peer.breakOff()
  await peer.until(() => peer.hellos.length >= 3)
  peer.welcome = {}
  const hellos = peer.hellos.length
  await peer.until(() => peer.hellos.length > hellos)
  peer.run({ deployment_id: deploymentId('chat') })
  await peer.item(isState('COMPLETED'))
  expect(notices).toHaveLength(1)
})

test('a line that is no JSON breaks the connection off, and the executor comes back', async () => {
  await start(flow('chat', () => 1))
  peer.sendText('{"type":')
  await peer.until(() => peer.hellos.length === 2)
  expect(notices[0]).toContain('no JSON')
})

test('the console is given back when the last executor has closed', async () => {
  const before = console.log
  const executor = await start(flow('chat', () => 1))
  expect(console.log).not.toBe(before)
  executor.close()
  await executor.closed
  expect(console.log).toBe(before)
})
