import { expect, test } from 'vitest'
import { parseDuration } from './durations.ts'

test.each([
  ['7d', 604_800_000],
  ['12h', 43_200_000],
  ['30 m', 1_800_000],
  ['45S', 45_000],
  ['0s', 0],
])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms))

test.each(['', '7', 'd', '-1d', '1.5h', '7w', '1d2h'])('%o is no length of time', (text) =>
  expect(parseDuration(text)).toBeUndefined(),
)
