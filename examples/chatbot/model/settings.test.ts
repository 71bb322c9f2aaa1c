import { expect, test } from 'vitest'
import { findModelSettings } from './settings.ts'

test('without a key there is no model', () => expect(findModelSettings({ OPENAI_API_KEY: ' ' })).toBeUndefined())
test('a key alone means OpenAI', () =>
  expect(findModelSettings({ OPENAI_API_KEY: 'k' })).toEqual({
    apiKey: 'k',
    baseUrl: 'https://api.openai.com/v1',
    model: 'gpt-4o-mini',
  }))
test('any server and model can be named', () =>
  expect(findModelSettings({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1', OPENAI_MODEL: 'llama' })).toEqual(
    {
      apiKey: 'k',
      baseUrl: 'http://127.0.0.1:11434/v1',
      model: 'llama',
    },
  ))
