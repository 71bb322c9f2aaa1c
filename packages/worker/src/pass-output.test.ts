import { expect, test } from 'vitest'
import { createOutput } from './pass-output.ts'

test('lines go to where they came from', () => {
  const written: string[] = []
  const sink = (name: string) => ({ writableLength: 0, write: (text: string) => written.push(`${name} ${text}`) > 0 })
  const pass = createOutput({ stdout: sink('out'), stderr: sink('err') })
  pass('stdout', 'one')
  pass('stderr', 'two')
  expect(written).toEqual(['out one\n', 'err two\n'])
})

test('while nobody reads, lines are dropped, counted, and the count is said afterwards', () => {
  const written: string[] = []
  const sink = { writableLength: 0, write: (text: string) => written.push(text) > 0 }
  const pass = createOutput({ stdout: sink, stderr: sink })
  sink.writableLength = 5_000_000
  pass('stdout', 'one')
  pass('stdout', 'two')
  sink.writableLength = 0
  pass('stdout', 'three')
  expect(written).toEqual(['(2 lines were dropped: nobody read this output)\n', 'three\n'])
})
