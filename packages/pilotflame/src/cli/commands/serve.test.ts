import { flow } from '@pilotflame/sdk'
import { expect, test } from 'vitest'
import { chooseFlows, flowsOf, readOn, readTarget } from './serve.ts'
import { readProcessOptions } from './serve-processes.ts'

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

test('nothing said of --on leaves the automation, none takes it away', () => {
  expect(readOn(undefined)).toEqual({ events: [], keep: true })
  expect(readOn(['a', 'b.*'])).toEqual({ events: ['a', 'b.*'], keep: false })
  expect(readOn(['none'])).toEqual({ events: [], keep: false })
  expect(() => readOn(['none', 'a'])).toThrow('--on none takes the automation away, so it stands alone')
})

test('options of processes', () => {
  expect(readProcessOptions({})).toBeUndefined()
  expect(readProcessOptions({ isolation: 'fresh', warm: '2', memory: '128' })).toEqual({
    isolation: 'fresh',
    warm: { min: 2 },
    memoryMbMax: 128,
  })
  expect(readProcessOptions({ isolation: 'reuse', warm: '0..6' })).toEqual({ isolation: 'reuse', warm: { min: 0, max: 6 } })
  expect(() => readProcessOptions({ isolation: 'new' })).toThrow('--isolation new cannot be read. Give fresh or reuse.')
  expect(() => readProcessOptions({ isolation: 'fresh', warm: '4-6' })).toThrow('MIN or MIN..MAX')
  expect(() => readProcessOptions({ warm: '1' })).toThrow('--warm needs --isolation')
  expect(() => readProcessOptions({ isolation: 'fresh', limit: '3' })).toThrow('--warm MIN..MAX')
})
