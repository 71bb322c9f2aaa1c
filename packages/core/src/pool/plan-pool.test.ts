import { describe, expect, test } from 'vitest'
import { type PoolChild, type PoolFacts, peakArrivals, planPool, startBackoffMs } from './plan-pool.ts'

type Given = Omit<Partial<PoolFacts>, 'limits' | 'children'> & {
  readonly limits?: Partial<PoolFacts['limits']>
  readonly children?: readonly Partial<PoolChild>[]
}

const NOW = 1_000_000

function facts({ limits, children = [], ...given }: Given): PoolFacts {
  return {
    now: NOW,
    version: 'v1',
    waiting: 0,
    arrivals: [],
    startMs: 100,
    quietUntil: 0,
    room: 100,
    startsAtOnceMax: 100,
    draining: false,
    failures: { count: 0, lastAt: 0 },
    ...given,
    limits: {
      isolation: 'fresh',
      warm: { min: 1, max: 4, idleMs: 60_000 },
      memoryMbMax: 512,
      runsMax: 1_000,
      ageMsMax: 3_600_000,
      ...limits,
    },
    children: children.map((child, index) => ({
      id: index + 1,
      state: 'ready',
      since: NOW - 1_000,
      startedAt: NOW - 2_000,
      version: 'v1',
      runs: 0,
      memoryMb: 60,
      ...child,
    })),
  }
}

const plan = (given: Given) => planPool(facts(given))
const starts = (expected: number, given: Given) => expect(plan(given).start).toBe(expected)
const retires = (expected: readonly string[], given: Given) =>
  expect(plan(given).retire.map(({ id, reason }) => `${id} ${reason}`)).toEqual(expected)

const starting = { state: 'starting' } as const
const ready = { state: 'ready' } as const
const busy = { state: 'busy' } as const
const leaving = { state: 'leaving' } as const

describe('starting', () => {
  test('an empty pool starts as many as are to be warm', () => starts(2, { limits: { warm: { min: 2, max: 4, idleMs: 1 } } }))
  test('with none warm, nothing starts before a run waits', () => starts(0, { limits: { warm: { min: 0, max: 4, idleMs: 1 } } }))
  test('one that is ready is enough', () => starts(0, { children: [ready] }))
  test('one on its way counts as much as a ready one', () => starts(0, { children: [starting] }))
  test('one at work is replaced', () => starts(1, { children: [busy] }))
  test('one that leaves is replaced', () => starts(1, { children: [leaving] }))
  test('each run that waits gets one', () => starts(3, { waiting: 3 }))
  test('those on their way are for the runs that wait', () => starts(1, { waiting: 3, children: [starting, starting] }))
  test('all together are no more than max', () => starts(1, { waiting: 50, children: [busy, busy, busy] }))
  test('at max, nothing starts', () => starts(0, { waiting: 50, children: [busy, busy, busy, busy] }))
  test('more at work than max allows: nothing starts', () => starts(0, { children: Array(6).fill(busy) }))
  test('no more than the memory has room for', () => starts(2, { waiting: 4, room: 2 }))
  test('no more at once than the machine has processors', () =>
    starts(1, { waiting: 4, startsAtOnceMax: 2, children: [starting] }))
  test('one of other code does not count, and is replaced in the same step', () =>
    starts(1, { children: [{ ...ready, version: 'v0' }] }))
})

describe('the run that has just begun', () => {
  test('goes first: its replacement waits a moment', () => {
    expect(plan({ children: [busy], quietUntil: NOW + 20 })).toEqual({ start: 0, retire: [], lookAgainMs: 20 })
  })
  test('does not hold back the process that another run waits for', () =>
    starts(1, { children: [busy], quietUntil: NOW + 20, waiting: 1 }))
  test('is over: the replacement starts', () => starts(1, { children: [busy], quietUntil: NOW }))
})

describe('growth with the arrivals', () => {
  test('three that came while one starts ask for three', () => starts(3, { arrivals: [NOW - 5_090, NOW - 5_050, NOW - 5_000] }))
  test('three that came apart ask for one', () => starts(1, { arrivals: [NOW - 6_000, NOW - 3_000, NOW - 100] }))
  test('what came long ago no longer counts', () => starts(1, { arrivals: [NOW - 20_000, NOW - 20_000, NOW - 20_000] }))
  test('stays inside of max', () => starts(4, { arrivals: Array(20).fill(NOW - 1) }))
  test('the peak is that of any window, not of the last one', () => {
    expect(peakArrivals([10, 20, 30, 500, 1_000], 1_000, 100)).toBe(3)
    expect(peakArrivals([], 1_000, 100)).toBe(0)
    expect(peakArrivals([990], 1_000, 100)).toBe(1)
  })
})

describe('failures to start', () => {
  test('the pause doubles up to 30 s', () =>
    expect([0, 1, 2, 3, 8, 99].map(startBackoffMs)).toEqual([0, 250, 500, 1_000, 30_000, 30_000]))
  test('during the pause nothing starts, also where runs wait', () => {
    expect(plan({ waiting: 5, failures: { count: 2, lastAt: NOW - 100 } })).toEqual({ start: 0, retire: [], lookAgainMs: 400 })
  })
  test('after it a single one is tried', () => starts(1, { waiting: 5, failures: { count: 2, lastAt: NOW - 500 } }))
  test('while that one is on its way no second one is', () =>
    starts(0, { waiting: 5, failures: { count: 2, lastAt: NOW - 500 }, children: [starting] }))
})

describe('leaving', () => {
  test('at a drain all that have no run leave and nothing starts', () => {
    const given: Given = { draining: true, waiting: 3, children: [starting, ready, busy, leaving] }
    retires(['1 draining', '2 draining'], given)
    starts(0, given)
  })
  test('at a drain one that is used again is told while it works', () =>
    retires(['1 draining'], { draining: true, children: [busy], limits: { isolation: 'reuse' } }))
  test('one of other code leaves, but not a fresh one at work', () =>
    retires(['1 version'], {
      children: [
        { ...ready, version: 'v0' },
        { ...busy, version: 'v0' },
      ],
    }))
  test('beyond what is wanted, the longest idle leave after idleMs', () =>
    retires(['2 idle', '1 idle'], {
      children: [
        { ...ready, since: NOW - 61_000 },
        { ...ready, since: NOW - 99_000 },
        { ...ready, since: NOW - 60_000 },
      ],
    }))
  test('before idleMs none leaves, and it is looked at again when it is over', () => {
    const children = [
      { ...ready, since: NOW - 10_000 },
      { ...ready, since: NOW - 59_000 },
    ]
    expect(plan({ children })).toEqual({ start: 0, retire: [], lookAgainMs: 1_000 })
  })
  test('the last one stays however long it is idle', () => retires([], { children: [{ ...ready, since: 0 }] }))
  test('a fresh one does not grow old: it has run nothing', () => retires([], { children: [{ ...ready, startedAt: -1e9 }] }))
})

describe('processes that are used again', () => {
  const reuse = { isolation: 'reuse' } as const
  test('leave after runsMax', () => retires(['1 runs'], { limits: reuse, children: [{ ...ready, runs: 1_000 }] }))
  test('leave when they are old', () =>
    retires(['1 age'], { limits: reuse, children: [{ ...ready, startedAt: NOW - 3_600_000 }] }))
  test('leave before they reach their bound of memory', () =>
    retires(['1 memory'], { limits: reuse, children: [{ ...ready, memoryMb: 400 }] }))
  test('are replaced in the same step', () => starts(1, { limits: reuse, children: [{ ...ready, runs: 1_000 }] }))
  test('are soon back: what came while one starts asks for no more of them', () =>
    starts(1, { limits: reuse, arrivals: Array(20).fill(NOW - 1) }))
  test('are not interrupted', () => retires([], { limits: reuse, children: [{ ...busy, runs: 5_000, memoryMb: 500 }] }))
  test('are looked at again when the first one is old', () =>
    expect(plan({ limits: reuse, children: [ready] }).lookAgainMs).toBe(3_598_000))
})
