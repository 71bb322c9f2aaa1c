import type { ChildEndFrame } from '@pilotflame/core'
import { expect, test } from 'vitest'
import { EndReports } from './end-reports.ts'

const frame = (session_id: string): ChildEndFrame => {
  return { type: 'child_end', pid: 1, session_id, kind: 'exit', code: 1, signal: null, message: 'exit code 1' }
}

function create() {
  const sent: string[] = []
  return { sent, reports: new EndReports(({ session_id }) => sent.push(session_id ?? '')) }
}

test('a word is sent at once, or as soon as somebody listens', () => {
  const { sent, reports } = create()
  reports.add(frame('a'), 0)
  expect(sent).toEqual([])
  reports.connected(1)
  reports.add(frame('b'), 2)
  expect(sent).toEqual(['a', 'b'])
})

test('after an outage the young ones are sent again, the old ones not', () => {
  const { sent, reports } = create()
  reports.connected(0)
  reports.add(frame('old'), 0)
  reports.add(frame('young'), 9_000)
  reports.away(11_000)
  reports.connected(12_000)
  expect(sent).toEqual(['old', 'young', 'young'])
})

test('one that nobody heard does not grow old', () => {
  const { sent, reports } = create()
  reports.add(frame('a'), 0)
  reports.add(frame('b'), 3_600_000)
  reports.connected(3_600_000)
  expect(sent).toEqual(['a', 'b'])
})

test('no more than a thousand are kept: the oldest go', () => {
  const { sent, reports } = create()
  for (let n = 0; n < 1_500; n++) reports.add(frame(String(n)), n)
  expect(reports.size).toBe(1_000)
  reports.connected(2_000)
  expect(sent[0]).toBe('500')
})
