import { expect, test } from 'vitest'
import { termsOf } from './words.ts'

const subject = (question: string) => termsOf(question).map(({ word }) => word)

test('what every question has is left out', () => expect(subject('How do I sign a webhook?')).toEqual(['sign', 'webhook']))
test('two words for one thing are one term', () =>
  expect(subject('abort or cancel a run that executes')).toEqual(['abort', 'run']))
test('"kick off" is start', () => expect(subject('kick off a flow')).toEqual(['start', 'flow']))
test('an inflected word has the synonyms of its root', () => expect(termsOf('launching')[0]?.synonyms).toContain('start'))
test('how something is done is not what is done', () => expect(subject('stop gracefully')).toEqual(['stop']))
test('but by hand is', () => expect(subject('manually')).toEqual(['manually']))
test('the product counts only when there is nothing else', () => {
  expect(subject('what is Pilotflame?')).toEqual(['pilotflame'])
  expect(subject('is Pilotflame fast?')).toEqual(['fast'])
})
test('small numbers and lone weak words are no subject', () => expect(termsOf('what is the time? 2 + 2')).toEqual([]))
test('quotes and operators of the search language are only text', () =>
  expect(subject('NEAR("a b" * ^c) OR flow:x')).toEqual(['near', 'b', 'c', 'flow', 'x']))
