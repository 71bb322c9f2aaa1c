import { timelineOf } from '@pilotflame/core'
import { expect, test } from 'vitest'
import { bar, sayAgo, sayMs, timelineLines } from './say.ts'

test('lengths of time in the unit that fits', () => {
  expect([0.04, 3.24, 999.9, 1_420, 125_000, 3_700_000].map(sayMs)).toEqual([
    '0.0 ms',
    '3.2 ms',
    '999.9 ms',
    '1.42 s',
    '2 min 5 s',
    '1 h 1 min',
  ])
})

test('how long ago', () => {
  const now = Date.parse('2026-11-24T10:00:00Z')
  const ago = (moment: string | null) => sayAgo(moment, now)
  expect([ago('2026-11-24T09:59:59.9Z'), ago('2026-11-24T09:59:48Z'), ago('2026-11-21T10:00:00Z'), ago(null)]).toEqual([
    'just now',
    '12 s ago',
    '3 d ago',
    '-',
  ])
  expect(ago('2026-11-24T10:05:00Z')).toBe('in 5 min')
})

const parts = timelineOf({ boot: 'b', at: { received: 1_000, matched: 1_100, committed: 3_000, completed: 5_000 } })

test('the timeline is one line where there is room, and breaks between marks where there is none', () => {
  const whole = 'received 0.0 → matched 0.1 → committed 2.0 → completed 4.0 ms'
  expect(timelineLines(parts, 200)).toEqual([whole])
  const lines = timelineLines(parts, 32)
  expect(lines.every((line) => line.length <= 32)).toBe(true)
  expect(lines.map((line) => line.trim()).join(' ')).toBe(whole)
})

test('bars stand one behind the other', () => {
  expect(parts.map((part) => bar(part, 4, 8))).toEqual(['▏', '▏', '████', '    ████'])
})
