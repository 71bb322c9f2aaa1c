import { expect, test } from 'vitest'
import { OutputLines } from './output-lines.ts'

function linesOf(...parts: (string | Buffer)[]): string[] {
  const found: string[] = []
  const lines = new OutputLines((line) => found.push(line))
  for (const part of parts) lines.push(Buffer.from(part))
  lines.end()
  return found
}

test('lines come whole, in whatever pieces they arrive', () =>
  expect(linesOf('one\ntw', 'o\n', 'th', 'ree\n')).toEqual(['one', 'two', 'three']))
test('empty lines stay', () => expect(linesOf('one\n\n\ntwo\n')).toEqual(['one', '', '', 'two']))
test('the last line may have no end', () => expect(linesOf('one\ntwo')).toEqual(['one', 'two']))
test('the line ends of Windows are line ends', () => expect(linesOf('one\r\ntwo\r\n')).toEqual(['one', 'two']))
test('a character that arrives in two pieces is one', () => {
  const bytes = Buffer.from('é\n')
  expect(linesOf(bytes.subarray(0, 1), bytes.subarray(1))).toEqual(['é'])
})
test('what never ends comes in pieces and is not held', () => {
  const found = linesOf('a'.repeat(200_000))
  expect(found.map(({ length }) => length)).toEqual([64_000, 64_000, 64_000, 8_000])
})
