import { expect, test } from 'vitest'
import { cut, oneLine, printable, textWidth, wrapParts, wrapWords } from './text-width.ts'

test('colours take no columns, wide characters take two, marks none', () => {
  expect(textWidth('\u001b[32mok\u001b[39m')).toBe(2)
  expect(textWidth('日本')).toBe(4)
  expect(textWidth('e\u0301')).toBe(1)
})

test('what does not fit is cut, and says so', () => {
  expect(cut('hello', 5)).toBe('hello')
  expect(cut('hello world', 6)).toBe('hello…')
  expect(textWidth(cut('日本語日本語', 5))).toBeLessThanOrEqual(5)
})

test('text of others cannot play with the terminal', () => {
  expect(oneLine('a\nb\u001b[2Jc\u0007')).toBe('a bc')
  expect(printable('a\nb\u001b]0;title\u0007\tc\r')).toBe('a\nb\tc')
})

test('parts are put into lines between parts only', () => {
  expect(wrapParts(['one', 'two', 'three'], ' → ', 12, '  ')).toEqual(['one → two →', '  three'])
  expect(wrapParts(['one', 'two'], ' → ', Number.POSITIVE_INFINITY)).toEqual(['one → two'])
})

test('sentences break between words, and lines that fit stay as they are', () => {
  const text = 'It waits for a place, and two others wait before it.\n  pilot  serve x'
  expect(wrapWords(text, 24)).toEqual(['It waits for a place,', 'and two others wait', 'before it.', '  pilot  serve x'])
  expect(wrapWords(text, Number.POSITIVE_INFINITY)).toEqual(text.split('\n'))
})
