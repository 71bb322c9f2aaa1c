import { describe, expect, test, vi } from 'vitest'
import { currentRun } from '../run/context.ts'
import type { Logger } from '../run/run.ts'
import { task } from '../task/task.ts'
import { flow } from './flow.ts'
import { jsonSchemaOf } from './schema.ts'
import { describeTriggers } from './triggers.ts'

const numbers = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) => {
      const n = Number((value as { n: unknown }).n)
      return Number.isNaN(n) ? { issues: [{ message: 'must be a number', path: ['n'] }] } : { value: { n } }
    },
    types: undefined as { input: { n: string }; output: { n: number } } | undefined,
  },
} as const

const silent: Logger = { debug: () => {}, info: () => {}, warning: () => {}, error: () => {} }

describe('called directly', () => {
  test('is a plain function', async () => {
    const greet = flow('greet', ({ name }: { name: string }) => `hello ${name}`)
    expect(await greet({ name: 'Ada' })).toBe('hello Ada')
    await expect(flow('bad', () => Promise.reject(new RangeError('no')))()).rejects.toThrow(RangeError)
  })

  test('takes the parts of its run', async () => {
    const texts: string[] = []
    const info = vi.fn()
    const stop = new AbortController()
    const chat = flow('chat', async (_: object, run) => {
      run.stream('one')
      run.stream('')
      run.logger.info('line', { n: 1 })
      stop.abort('enough')
      return { id: run.id, name: run.name, attempt: run.attempt, tags: run.tags, reason: run.signal.reason }
    })
    const parts = { id: 'x', tags: ['a'], attempt: 3, signal: stop.signal, stream: (text: string) => void texts.push(text) }
    expect(await chat({}, { ...parts, logger: { ...silent, info } })).toEqual({
      id: 'x',
      name: 'chat',
      attempt: 3,
      tags: ['a'],
      reason: 'enough',
    })
    expect(texts).toEqual(['one'])
    expect(info).toHaveBeenCalledWith('line', { n: 1 })
  })

  test('writes its log to stderr where nobody takes it', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await flow('chat', async (_: object, run) => run.logger.warning('careful', { n: 1 }))()
    expect(write.mock.calls).toEqual([['WARNING chat: careful {"n":1}\n']])
    write.mockRestore()
  })

  test('checks its parameters first, and gets what the schema makes of them', async () => {
    const add = flow('add', async ({ n }) => n + 1, { parameters: numbers })
    expect(await add({ n: '4' })).toBe(5)
    await expect(add({ n: 'x' })).rejects.toMatchObject({
      code: 'invalid_parameters',
      message: expect.stringContaining('n: must be a number'),
    })
  })

  test('ends with its time, and tells the function', async () => {
    vi.useFakeTimers()
    let signal: AbortSignal | undefined
    const stuck = flow('stuck', (_: object, run) => new Promise(() => (signal = run.signal)), { timeoutMs: 100 })
    const result = expect(stuck()).rejects.toMatchObject({ code: 'run_timed_out' })
    await vi.runAllTimersAsync()
    await result
    expect(signal?.reason).toMatchObject({ code: 'run_timed_out' })
    vi.useRealTimers()
  })

  test('inside another run it belongs to that run', async () => {
    const texts: string[] = []
    const inner = flow('inner', async ({ n }: { n: number }, run) => {
      run.stream(`inner ${n}`)
      return [run.id, currentRun()?.id, run.parameters]
    })
    const outer = flow('outer', async (_: object, run) => [run.id, await inner({ n: 1 })])
    const [id, found] = await outer({}, { stream: (text) => void texts.push(text) })
    expect(found).toEqual([id, id, { n: 1 }])
    expect(texts).toEqual(['inner 1'])
  })

  test('many at once never mix', async () => {
    const who = task('who', async (n: number) => {
      await new Promise((resolve) => setTimeout(resolve, n % 4))
      return currentRun()?.id
    })
    const chat = flow('chat', async (_: object, run) => [run.id, ...(await Promise.all([1, 2, 3].map((n) => who(n))))])
    const found = await Promise.all(Array.from({ length: 30 }, () => chat()))
    for (const ids of found) expect(new Set(ids).size).toBe(1)
    expect(new Set(found.flat()).size).toBe(30)
    expect(currentRun()).toBeUndefined()
  })
})

describe('as a deployment', () => {
  test('has the name of the flow, and the version of its code', () => {
    const one = flow('chat', () => 1)
    const { offer } = one.toDeployment()
    expect(offer).toMatchObject({ flow_name: 'chat', name: 'chat', triggers: [] })
    expect(offer.version).toMatch(/^[0-9a-f]{16}$/)
    expect(one.toDeployment().offer.version).toBe(offer.version)
    expect(flow('chat', () => 2).toDeployment().offer.version).not.toBe(offer.version)
  })

  test('waits for a name, a prefix, a whole trigger, or all of them', () => {
    const whole = { expect: ['order.paid'], match: { shop: 'a*' }, threshold: 3, within: 60, for_each: ['customer'] }
    const { offer } = flow('chat', () => 1).toDeployment({ on: ['chat.message', 'chat.*', whole] })
    expect(offer.triggers.map(({ trigger }) => trigger)).toEqual([
      { type: 'event', posture: 'Reactive', threshold: 1, within: 0, expect: ['chat.message'] },
      { type: 'event', posture: 'Reactive', threshold: 1, within: 0, expect: ['chat.*'] },
      { type: 'event', posture: 'Reactive', ...whole },
    ])
    expect(describeTriggers(offer.triggers)).toBe('chat.message, chat.*, order.paid')
  })

  test('offers the JSON Schema of its parameters where there is one', () => {
    const schema = { type: 'object', properties: { n: { type: 'number' } } }
    const standard = { '~standard': { ...numbers['~standard'], jsonSchema: { input: () => schema, output: () => ({}) } } }
    expect(jsonSchemaOf(standard)).toEqual(schema)
    expect(jsonSchemaOf({ ...numbers, toJsonSchema: () => schema } as never)).toEqual(schema)
    expect(jsonSchemaOf(schema)).toEqual(schema)
    expect(jsonSchemaOf(numbers)).toBeNull()
    const failing = { ...numbers, toJSONSchema: () => { throw new Error('a transform') } } // biome-ignore format: one line
    expect(jsonSchemaOf(failing as never)).toBeNull()
  })

  test('refuses names that an address cannot hold', () => {
    expect(() => flow('a/b', () => 1)).toThrow('"a/b" has "/" in it')
    expect(() => flow('a', () => 1).toDeployment({ name: 'a%b' })).toThrow('"%"')
    expect(() => flow('a', () => 1).toDeployment({ on: ' ' })).toThrow('empty')
    expect(() => flow('a', () => 1, { retries: -1 })).toThrow('retries')
  })

  test('takes the name of the function', () => {
    async function answer_question() {}
    expect(flow(answer_question).flowName).toBe('answer-question')
  })
})
