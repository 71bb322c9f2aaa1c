import type { StateType } from '@pilotflame/core'
import { expect, test } from 'vitest'
import { attemptEndOf } from './attempt-end.ts'

const states = (...types: StateType[]) => types.map((type, index) => ({ type, name: `${type}-${index}`, message: null }))
const ended = (attempt: number, ...types: StateType[]) => attemptEndOf(states(...types), attempt)?.state_name

test.each([
  ['goes on', 1, ['SCHEDULED', 'PENDING', 'RUNNING'], undefined],
  ['is being cancelled', 1, ['SCHEDULED', 'PENDING', 'RUNNING', 'CANCELLING'], undefined],
  ['is the last one', 1, ['SCHEDULED', 'PENDING', 'RUNNING', 'CRASHED'], undefined],
  ['will be tried again', 1, ['SCHEDULED', 'PENDING', 'RUNNING', 'SCHEDULED'], 'SCHEDULED-3'],
  ['was cancelled before it was tried again', 1, ['RUNNING', 'SCHEDULED', 'CANCELLED'], 'SCHEDULED-1'],
  ['was retried by hand', 1, ['RUNNING', 'FAILED', 'SCHEDULED', 'PENDING'], 'FAILED-1'],
  ['is the second one', 2, ['RUNNING', 'SCHEDULED', 'RUNNING', 'SCHEDULED', 'RUNNING'], 'SCHEDULED-3'],
  ['is the second one, and goes on', 2, ['RUNNING', 'SCHEDULED', 'RUNNING'], undefined],
] as const)('an attempt that %s', (_, attempt, types, name) => expect(ended(attempt, ...types)).toBe(name))
