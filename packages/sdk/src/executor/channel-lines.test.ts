import { expect, test } from 'vitest'
import { createLineReader } from './channel-lines.ts'
import { backoffMs } from './session.ts'

test('lines come whole, also where they come in pieces', () => {
  const lines: string[] = []
  const read = createLineReader((line) => lines.push(line))
  const bytes = Buffer.from('{"a":"ä"}\n\n{"b":2}\n{"c"')
  for (const byte of bytes) read(Buffer.from([byte]))
  expect(lines).toEqual(['{"a":"ä"}', '{"b":2}'])
  read(Buffer.from(':3}\n{"d":4}\n'))
  expect(lines).toEqual(['{"a":"ä"}', '{"b":2}', '{"c":3}', '{"d":4}'])
})

test('the pauses between attempts to connect grow from 50 ms to 2 s', () => {
  expect([0, 1, 2, 5, 6, 40].map((failures) => backoffMs(failures, 1))).toEqual([50, 100, 200, 1_600, 2_000, 2_000])
  expect(backoffMs(0, 0)).toBe(25)
})
