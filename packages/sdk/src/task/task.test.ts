import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { flow } from '../flow/flow.ts'
import { contextStorage, currentRun, type TaskReport } from '../run/context.ts'
import { createDirectHost } from '../run/direct.ts'
import type { TaskOptions } from './options.ts'
import { retryDelay } from './retry-delay.ts'
import { task } from './task.ts'

/** A task that fails as often as `failures` says, and the moments of its calls in milliseconds. */
function shaky(failures: number, options: TaskOptions<[]>) {
  const calls: number[] = []
  const made = task(
    'shaky',
    async () => {
      calls.push(Date.now())
      if (calls.length <= failures) throw new Error(`no ${calls.length}`)
      return calls.length
    },
    options,
  )
  return { made, calls }
}

describe('tries', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  test('come with a growing pause', async () => {
    const { made, calls } = shaky(3, { retries: 3, retryDelayMs: 500, retryBackoff: 2 })
    const result = made()
    await vi.runAllTimersAsync()
    expect(await result).toBe(4)
    expect(calls).toEqual([0, 500, 1_500, 3_500])
  })

  test('end with the last error when they are used up', async () => {
    const { made, calls } = shaky(9, { retries: 2, retryDelayMs: 10 })
    const result = expect(made()).rejects.toThrow('no 3')
    await vi.runAllTimersAsync()
    await result
    expect(calls).toEqual([0, 10, 20])
  })

  test('are not made for an error that is not worth one', async () => {
    const { made, calls } = shaky(9, { retries: 2, retryOn: (error) => (error as Error).message !== 'no 2' })
    const result = expect(made()).rejects.toThrow('no 2')
    await vi.runAllTimersAsync()
    await result
    expect(calls).toHaveLength(2)
  })

  test('jitter moves a pause both ways', () => {
    const options = { retryDelayMs: 1_000, retryBackoff: 2, retryJitter: 0.2 }
    expect([0, 0.5, 1].map((chance) => retryDelay(options, 1, chance))).toEqual([800, 1_000, 1_200])
    expect(retryDelay(options, 3, 0.5)).toBe(4_000)
    expect(retryDelay({}, 1, 1)).toBe(0)
    expect(retryDelay({ retryDelayMs: 1_000, retryBackoff: 10 }, 60, 1)).toBe(86_400_000)
  })

  test('that take too long are timed out, with their own signal aborted', async () => {
    const reasons: unknown[] = []
    const stuck = task(
      'stuck',
      () =>
        new Promise<void>(() => {
          const signal = currentRun()?.signal
          signal?.addEventListener('abort', () => reasons.push(signal.reason))
        }),
      { timeoutMs: 50, retries: 1, retryDelayMs: 7 },
    )
    let outer: AbortSignal | undefined
    const chat = flow('chat', async (_: object, run) => {
      outer = run.signal
      await stuck()
    })
    const result = expect(chat()).rejects.toMatchObject({ code: 'task_timed_out' })
    await vi.runAllTimersAsync()
    await result
    expect(Date.now()).toBe(107)
    expect(reasons).toHaveLength(2)
    expect(outer?.aborted).toBe(false)
  })

  test('stop waiting when the run is stopped', async () => {
    const { made, calls } = shaky(9, { retries: 5, retryDelayMs: 60_000 })
    const stop = new AbortController()
    const chat = flow('chat', () => made())
    const result = expect(chat({}, { signal: stop.signal })).rejects.toThrow('enough')
    await vi.advanceTimersByTimeAsync(10)
    stop.abort(new Error('enough'))
    await result
    expect(calls).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('keys', () => {
  test('are needed for arguments that cannot be recorded, also without a server', async () => {
    const apply = task('apply', async (fn: () => number) => fn())
    await expect(apply(() => 1)).rejects.toMatchObject({ code: 'task_key_missing' })
    const keyed = task('apply', async (fn: () => number) => fn(), { key: 'one' })
    expect(await keyed(() => 1)).toBe(1)
    const light = task('apply', async (fn: () => number) => fn(), { durable: false })
    expect(await light(() => 1)).toBe(1)
  })

  test('of the user: the second call of a run gets what the first one gets', async () => {
    let calls = 0
    const keyed = task('keyed', async (id: string) => `${id} ${++calls}`, { key: (id) => id })
    const chat = flow('chat', () => Promise.all([keyed('a'), keyed('a'), keyed('b')]))
    expect(await chat()).toEqual(['a 1', 'a 1', 'b 2'])
    expect(await chat()).toEqual(['a 3', 'a 3', 'b 4'])
  })

  test('that are no text are an error', async () => {
    const keyed = task('keyed', async () => 1, { key: () => '' })
    await expect(keyed()).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

/** A run that can start again: each attempt finds what the ones before it have recorded. */
function startRun() {
  const records = new Map<string, TaskReport>()
  const started: string[] = []
  const attempt = <T>(work: () => Promise<T>): Promise<T> => {
    const host = createDirectHost('run', {}, { id: '01a20cdc-73f4-737d-a897-a8a9b69a11da' })
    Object.assign(host, {
      recorded: (name: string, key: string) => records.get(`${name} ${key}`)?.result,
      report: (report: TaskReport) => report.state.type === 'RUNNING' && started.push(report.task_run_id),
      record: async (report: TaskReport) => void records.set(`${report.task_key} ${report.dynamic_key}`, report),
    })
    return contextStorage.run({ host, run: host.run, scope: host.scope, taskRunId: null, within: null }, work)
  }
  return { attempt, records, started }
}

describe('a run that starts again, with calls inside of tasks', () => {
  let charged: string[]
  const charge = task('charge', async (amount: number, by: string) => {
    charged.push(`${by} ${amount}`)
    return charged.length
  })
  /** The same arguments from wherever it is called. */
  const ten = task('ten', async () => charged.push('ten'))
  const light = task('light', async () => charged.push('light'), { durable: false })
  const order = task('order', async (_id: string) => ten())
  const crash = async (): Promise<never> => {
    throw new Error('crash')
  }
  beforeEach(() => {
    charged = []
  })

  test('makes a call that never ran, however often a recorded task has called the same', async () => {
    const { attempt } = startRun()
    await expect(attempt(() => order('w').then(crash))).rejects.toThrow('crash')
    expect(charged).toEqual(['ten'])
    expect(await attempt(async () => [await order('w'), await ten(), await ten()])).toEqual([1, 2, 3])
    expect(await attempt(async () => [await order('w'), await ten(), await ten(), await ten()])).toEqual([1, 2, 3, 4])
  })

  test('does not make one again that was recorded in a task which was not', async () => {
    const { attempt } = startRun()
    const paid = task('paid', async () => [await ten(), await ten(), await crash()])
    await expect(attempt(() => ten().then(paid))).rejects.toThrow('crash')
    await expect(attempt(() => ten().then(paid))).rejects.toThrow('crash')
    expect(charged).toHaveLength(3)
  })

  test('goes on counting over the tries of a task', async () => {
    const { attempt } = startRun()
    const shop = task('shop', async () => ten().then(crash), { retries: 2 })
    await expect(attempt(shop)).rejects.toThrow('crash')
    await expect(attempt(shop)).rejects.toThrow('crash')
    expect(charged).toHaveLength(3)
  })

  test('keeps apart the calls of tasks that run at once, three deep', async () => {
    const { attempt, records } = startRun()
    const inner = task('inner', async (id: string) => [await ten(), await ten(), id])
    const outer = task('outer', async (id: string) => Promise.all([inner(id), inner('both'), ten()]))
    const all = () => Promise.all([outer('a'), outer('b'), ten()])
    const first = await attempt(all)
    expect(charged).toHaveLength(11)
    expect(await attempt(all)).toEqual(first)
    for (const key of [...records.keys()]) if (key.startsWith('outer')) records.delete(key)
    expect(await attempt(all)).toEqual(first)
    for (const key of [...records.keys()]) if (key.startsWith('inner')) records.delete(key)
    await attempt(all)
    expect(charged).toHaveLength(11)
  })

  test('gives a call that is not recorded the task run that it had', async () => {
    const { attempt, started } = startRun()
    const outer = task('outer', async () => light())
    const work = async () => [await outer(), await light(), await light()]
    await attempt(work)
    const [, , ...outside] = started.splice(0)
    await attempt(work)
    expect(started).toEqual(outside)
  })

  test('finds a call inside of a task that is never recorded, whichever of them comes first', async () => {
    const { attempt } = startRun()
    const each = task('each', async (by: string) => charge(10, by), { durable: false })
    await attempt(async () => [await each('a'), await each('b')])
    await attempt(async () => [await each('b'), await each('a')])
    expect(charged).toEqual(['a 10', 'b 10'])
  })

  test('finds a key of the user in the whole run', async () => {
    const { attempt } = startRun()
    const keyed = task('keyed', async () => charged.push('keyed'), { key: 'one' })
    const outer = task('outer', async () => keyed())
    await attempt(outer)
    expect(await attempt(async () => [await outer(), await keyed()])).toEqual([1, 1])
  })

  test('finds what was recorded by calls outside of tasks before it started again', async () => {
    const { attempt, records } = startRun()
    await attempt(async () => [await ten(), await ten(), await order('w')])
    const none = '4f53cda18c2baa0c0354bb5f9a3ecbe5' // SHA-256 of [], as ever
    expect([...records.keys()].toSpliced(2, 1)).toEqual([
      `ten ${none}-0`,
      `ten ${none}-1`,
      'order 7d62924ed1b3bd2aa4985608bbd5fe61-0',
    ])
  })
})

describe('values', () => {
  test('are what a resumed run would get', async () => {
    const given = { at: new Date(5), list: [1] }
    const keep = task('keep', async () => given)
    const got = await keep()
    expect(got).toEqual(given)
    expect(got).not.toBe(given)
    const light = task('keep', async () => given, { durable: false })
    expect(await light()).toBe(given)
  })

  test('that cannot be recorded fail the task', async () => {
    const bad = task('bad', async () => () => 1)
    await expect(bad()).rejects.toMatchObject({ code: 'value_not_serializable' })
  })
})

describe('definition', () => {
  test('takes the name of the function', () => {
    async function look_up() {}
    expect(task(look_up).taskName).toBe('look-up')
  })

  test('refuses names and numbers that make no sense', () => {
    expect(() => task('a/b', async () => 1)).toThrow('Leave out')
    expect(() => task(async () => 1)).toThrow('no name of its own')
    expect(() => task('a', async () => 1, { retries: -1 })).toThrow('retries')
    expect(() => task('a', async () => 1, { retryJitter: 2 })).toThrow('from 0 to 1')
  })
})
