import { expect, test } from 'vitest'
import { retriesOf } from './run-policy.ts'

test('a pause is whole milliseconds, whatever its seconds are as a number', () => {
  expect(retriesOf({ retries: 1, retry_delay: 1.005 })).toEqual({ retries: 1, retryDelayMs: 1_005 })
  expect(retriesOf({ max_retries: 2, retry_delay_seconds: 16.1 })).toEqual({ retries: 2, retryDelayMs: 16_100 })
  expect(retriesOf({})).toEqual({ retries: 0, retryDelayMs: 0 })
})
