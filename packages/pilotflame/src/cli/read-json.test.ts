import { expect, test } from 'vitest'
import { parseJson, parseJsonObject } from './read-json.ts'

const messageOf = async (text: string) =>
  parseJson({ name: '--data', text }).then(
    () => 'no error',
    (error: Error) => error.message,
  )

test('what is no JSON is said with line, column and what was seen', async () => {
  expect(await messageOf('{"a": 1,\n "b": nope}')).toMatch(/line 2, column 7.*"nope"/)
})

test('quotes that the shell took away are hinted at', async () => {
  expect(await messageOf('{name:Ada}')).toContain('single quotes')
  expect(await messageOf('{"a": 1,}')).not.toContain('single quotes')
})

test('a payload is an object', async () => {
  await expect(parseJsonObject({ name: '--data', text: '[1]' })).rejects.toMatchObject({ code: 'invalid_request' })
  expect(await parseJsonObject({ name: '--data', text: '{"a":1}' })).toEqual({ a: 1 })
})
