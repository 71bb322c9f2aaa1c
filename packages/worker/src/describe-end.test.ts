import { expect, test } from 'vitest'
import { describeEnd, type EndFacts, ranLonger } from './describe-end.ts'

function check(given: Partial<EndFacts>, expected: string): void {
  const facts: EndFacts = {
    exit: { code: null, signal: null },
    killed: null,
    heapExhausted: false,
    memoryMbMax: 512,
    stages: [],
    leaving: false,
    ...given,
  }
  const { kind, message } = describeEnd(facts)
  expect(`${kind}: ${message}`).toBe(expected)
}

const code = (value: number) => ({ exit: { code: value, signal: null } })
const signal = (name: string) => ({ exit: { code: null, signal: name } })
const aborted = { stage: 'abort', after_ms: 0 } as const

test('an exit code', () => check(code(3), 'exit: exit code 3'))
test('the error that it ends with stands behind it', () =>
  check({ ...code(1), said: 'Uncaught TypeError: late' }, 'exit: exit code 1: Uncaught TypeError: late'))
test('a signal', () => check(signal('SIGSEGV'), 'signal: killed by SIGSEGV'))
test('what could not be started at all', () =>
  check({ exit: { code: null, signal: null, reason: 'could not be started: EAGAIN' } }, 'exit: could not be started: EAGAIN'))
test("its host's reason comes first", () =>
  check({ ...signal('SIGKILL'), killed: { kind: 'timeout', message: ranLonger(1_000) } }, 'timeout: ran longer than 1 000 ms'))
test('a full heap ends with a signal', () =>
  check({ ...signal('SIGABRT'), heapExhausted: true }, 'memory: out of memory at 512 MB'))
test('or with the code that a shell makes of it', () =>
  check({ ...code(134), heapExhausted: true }, 'memory: out of memory at 512 MB'))
test('words about a full heap alone are no proof', () => check({ ...code(1), heapExhausted: true }, 'exit: exit code 1'))
test('told to stop and ended by itself', () => check({ ...code(0), stages: [aborted] }, 'exit: exit code 0'))
test('told to stop and ended by SIGTERM', () =>
  check(
    {
      ...signal('SIGTERM'),
      stages: [aborted, { stage: 'SIGTERM', after_ms: 5_012 }, { stage: 'gone', after_ms: 5_015 }],
    },
    'cancel: aborted; SIGTERM after 5.0 s; gone 3 ms later',
  ))
test('let go, and it went', () => check({ ...code(0), leaving: true }, 'retired: its host let it go'))
test('let go, and it crashed', () => check({ ...code(7), leaving: true }, 'exit: exit code 7'))
test('long times are read in groups of three', () =>
  expect([999, 1_000, 60_000, 3_600_000].map(ranLonger)).toEqual([
    'ran longer than 999 ms',
    'ran longer than 1 000 ms',
    'ran longer than 60 000 ms',
    'ran longer than 3 600 000 ms',
  ]))
