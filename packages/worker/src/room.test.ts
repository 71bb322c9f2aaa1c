import { expect, test } from 'vitest'
import { roomFor } from './room.ts'

const check = (memoryMb: readonly (number | null)[], memoryMbMax: number, expected: number) =>
  expect(
    roomFor(
      memoryMb.map((one) => ({ memoryMb: one })),
      memoryMbMax,
    ),
  ).toBe(expected)

test('with nobody there, as many fit as are guessed to', () => check([], 640, 10))
test('one always fits', () => check([], 10, 1))
test('the next ones are taken to be like those that are there', () => check([100, 300], 1_000, 3))
test('one that was not looked at yet counts like the others', () => check([100, null], 400, 2))
test('over the bound none fits', () => check([500], 400, 0))
