import { expect, test } from 'vitest'
import { cutMessage, formatLine } from './log.ts'
import { checkText, piecesOf } from './text.ts'

test('a long text leaves in pieces, never within a character', () => {
  expect([...piecesOf('', 3)]).toEqual([])
  expect([...piecesOf('abc', 3)]).toEqual(['abc'])
  expect([...piecesOf('abcd', 3)]).toEqual(['abc', 'd'])
  expect([...piecesOf('ab🔥cd', 3)]).toEqual(['ab', '🔥c', 'd'])
})

test('only text is streamed', () => {
  expect(() => checkText(1)).toThrow('got number')
  expect(() => checkText(null)).toThrow('got null')
})

test('a long line is cut, with a note', () => {
  expect(cutMessage('abc', 3)).toBe('abc')
  expect(cutMessage('abcdef', 3)).toBe('abc… [cut: 3 more characters]')
})

test('fields stand behind the message', () => {
  expect(formatLine('a', undefined)).toBe('a')
  expect(formatLine('a', { n: 1n, error: new RangeError('no') })).toBe('a {"n":"1","error":"RangeError: no"}')
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  expect(formatLine('a', cycle)).toBe('a [fields that JSON cannot say: self]')
})
