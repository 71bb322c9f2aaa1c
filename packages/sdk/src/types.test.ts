/** What the compiler says of flows and tasks; checked by `tsc -p packages/sdk/tsconfig.test.json`. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expectTypeOf, test } from 'vitest'
import { flow } from './flow/flow.ts'
import type { Run } from './run/run.ts'
import { task } from './task/task.ts'

test('a task keeps its arguments and its result', () => {
  const lookUp = task('look-up', async (question: string, limit?: number) => [question, limit], { key: (question) => question })
  expectTypeOf(lookUp).parameters.toEqualTypeOf<[question: string, limit?: number]>()
  expectTypeOf(lookUp).returns.resolves.toEqualTypeOf<(string | number | undefined)[]>()
  const sync = task(function add(a: number, b: number) {
    return a + b
  })
  expectTypeOf(sync).returns.toEqualTypeOf<Promise<number>>()
  // @ts-expect-error a number is no question
  const wrong = () => lookUp(1)
  expectTypeOf(wrong).toBeFunction()
})

test('a flow keeps its parameters and its result', () => {
  const respond = flow('respond', async ({ question }: { question: string }, run) => {
    expectTypeOf(run).toEqualTypeOf<Run>()
    return question.length
  })
  expectTypeOf(respond).parameter(0).toEqualTypeOf<{ question: string }>()
  expectTypeOf(respond).returns.resolves.toEqualTypeOf<number>()
  // @ts-expect-error the question is missing
  const wrong = () => respond()
  expectTypeOf(wrong).toBeFunction()
})

test('a flow without parameters is called without any', () => {
  const tick = flow('tick', async () => true)
  const called = () => tick()
  expectTypeOf(called).returns.resolves.toEqualTypeOf<boolean>()
  const optional = flow('optional', async ({ n = 1 }: { n?: number }) => n)
  const alsoCalled = () => optional()
  expectTypeOf(alsoCalled).returns.resolves.toEqualTypeOf<number>()
})

test('with a schema the function gets its output, and a caller gives its input', () => {
  const schema = {} as StandardSchemaV1<{ n: string }, { n: number }>
  const define = () => flow('add', async ({ n }) => n + 1, { parameters: schema })
  expectTypeOf<Parameters<ReturnType<typeof define>>[0]>().toEqualTypeOf<{ n: string }>()
  expectTypeOf<ReturnType<ReturnType<typeof define>>>().toEqualTypeOf<Promise<number>>()
  const ownName = () =>
    flow(
      async function add(given) {
        expectTypeOf(given).toEqualTypeOf<{ n: number }>()
      },
      { parameters: schema },
    )
  expectTypeOf(ownName).toBeFunction()
})

test('a JSON Schema leaves the types to the function', () => {
  const add = flow('add', async ({ n }: { n: number }) => n, { parameters: { type: 'object', required: ['n'] } })
  expectTypeOf(add).parameter(0).toEqualTypeOf<{ n: number }>()
})

test('serve takes names, prefixes and whole triggers', () => {
  const tick = flow('tick', async () => true)
  const good = () => tick.serve({ name: 'a', on: ['chat.*', { expect: ['x'], threshold: 2 }], limit: 3 })
  // @ts-expect-error there is no such posture
  const bad = () => tick.serve({ on: { posture: 'Lazy' } })
  expectTypeOf(good).returns.toEqualTypeOf<Promise<void>>()
  expectTypeOf(bad).toBeFunction()
})
