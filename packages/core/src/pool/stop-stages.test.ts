import { expect, test } from 'vitest'
import type { StopStage } from '../channel/frames.ts'
import { describeStages } from './stop-stages.ts'

const check = (stages: readonly [StopStage['stage'], number][], expected: string) =>
  expect(describeStages(stages.map(([stage, after_ms]) => ({ stage, after_ms })))).toBe(expected)

test('all of them', () =>
  check(
    [
      ['abort', 0],
      ['SIGTERM', 5_003],
      ['SIGKILL', 7_004],
      ['gone', 7_007],
    ],
    'aborted; SIGTERM after 5.0 s; SIGKILL after 7.0 s; gone 3 ms later',
  ))
test('asked, and gone', () =>
  check(
    [
      ['abort', 0],
      ['gone', 1_250],
    ],
    'aborted; gone 1.3 s later',
  ))
