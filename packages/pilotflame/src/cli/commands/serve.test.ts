import { flow } from '@pilotflame/sdk'
import { expect, test } from 'vitest'
import { chooseFlows, flowsOf, readTarget } from './serve.ts'

test('the export stands behind the last colon, unless the whole is a file', () => {
  const isFile = (path: string) => path === 'odd:name.ts'
  expect(readTarget('hello.ts:hello', isFile)).toEqual({ file: 'hello.ts', exported: 'hello' })
  expect(readTarget('hello.ts', isFile)).toEqual({ file: 'hello.ts', exported: undefined })
  expect(readTarget('odd:name.ts', isFile)).toEqual({ file: 'odd:name.ts', exported: undefined })
})

const hello = flow('hello', async () => 1)
const bye = flow('bye', async () => 2)

test('a flow that is exported twice is served once', () => {
  expect([...flowsOf({ default: hello, hello, bye, other: 1 }).keys()]).toEqual(['default', 'bye'])
})

test('a flow under another name is answered with the nearest one', () => {
  const flows = flowsOf({ hello, bye })
  expect(chooseFlows('f.ts', flows, undefined)).toHaveLength(2)
  expect(chooseFlows('f.ts', flows, 'bye')).toEqual([['bye', bye]])
  expect(() => chooseFlows('f.ts', flows, 'helo')).toThrow('Did you mean f.ts:hello?')
  expect(() => chooseFlows('f.ts', new Map(), 'helo')).toThrow('exports no flow')
})
