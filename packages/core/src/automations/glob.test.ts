import { expect, test } from 'vitest'
import { compileGlob } from './glob.ts'

// What Python's fnmatchcase answers.
const cases: readonly (readonly [pattern: string, text: string, fits: boolean])[] = [
  ['chat.message', 'chat.message', true],
  ['chat.message', 'chat.messages', false],
  ['chat.*', 'chat.message', true],
  ['chat.*', 'chat.', true],
  ['chat.*', 'chat', false],
  ['*', '', true],
  ['*.Completed', 'prefect.flow-run.Completed', true],
  ['a*b*c', 'axxbxxc', true],
  ['a*b*c', 'acb', false],
  ['ab*ba', 'aba', false],
  ['A*', 'abc', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a?c', 'a😀c', true],
  ['[ab]x', 'bx', true],
  ['[!ab]x', 'bx', false],
  ['[!ab]x', 'cx', true],
  ['[a-c]', 'b', true],
  ['[c-a]', 'b', false],
  ['[!c-a]', 'b', true],
  ['[]a]', ']', true],
  ['[!]a]', ']', false],
  ['[a-]', '-', true],
  ['[^a]', '^', true],
  ['[^a]', 'b', false],
  ['[ab', '[ab', true],
  ['a\\*', 'a\\b', true],
  ['a.c', 'abc', false],
  ['', '', true],
  ['', 'a', false],
]

test.each(cases)('%j and %j: %s', (pattern, text, fits) => expect(compileGlob(pattern)(text)).toBe(fits))

test('many stars take no more time than pattern × text', () => {
  const text = 'a'.repeat(5_000)
  expect(compileGlob(`${'a*'.repeat(50)}b`)(text)).toBe(false)
  expect(compileGlob(`${'?*'.repeat(50)}b`)(text)).toBe(false)
})
