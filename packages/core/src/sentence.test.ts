import { expect, test } from 'vitest'
import { requestError } from './api/validate.ts'
import { sentence } from './sentence.ts'

test('what ends as a sentence gets no second end', () => {
  expect(['it failed', 'It failed.', 'did you mean name?', 'stop!'].map(sentence)).toEqual([
    'it failed.',
    'It failed.',
    'did you mean name?',
    'stop!',
  ])
})

test('a request with a misspelt field is answered with a question that ends once', () => {
  const fault = { loc: ['resuorce'], type: 'unknown_field', msg: 'there is no field resuorce; did you mean resource?' }
  expect(requestError([fault]).message).toMatch(/did you mean resource\?$/)
  expect(requestError([{ ...fault, type: 'not_implemented' }]).message).toContain('resource? See docs/compatibility.md.')
  expect(requestError([fault, fault]).message).toMatch(/\(and 1 more\)\.$/)
})
