/** Retention on a real store, on a clock that the test holds in its hand. */
import { applyState } from '@pilotflame/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock } from '../ports.ts'
import { FLOW, nextState, START, sampleEvent, sampleRun, uuid } from '../store/test/sample-rows.ts'
import { openMemory, type TestStore, turn } from '../store/test/stores.ts'
import { createRetention, type Retention, type RetentionSettings } from './retention.ts'

const DAY_MS = 86_400_000
const DAY = DAY_MS * 1_000
let opened: TestStore
let now: number
let timers: (() => void)[] = []

const clock: Clock = {
  now: () => now,
  monotonic: () => now,
  boot: 'boot',
  after(_, callback) {
    timers.push(callback)
    return () => undefined
  },
}

beforeEach(async () => {
  opened = await openMemory()
  now = START
  timers = []
  await opened.store.transaction(async (tx) => tx.saveFlow(FLOW))
})
afterEach(() => opened.end())

const log: string[] = []
function create(settings: RetentionSettings): Retention {
  return createRetention({ store: opened.store, clock, log: (_, message) => log.push(message) }, settings)
}

/** Rounds until the loop rests for longer than it does between two bites; returns that pause. */
async function untilRest(retention: Retention): Promise<number> {
  for (;;) {
    const pauseMs = await retention.loop.tick()
    if (pauseMs > 100) return pauseMs
  }
}

async function endRun(n: number): Promise<void> {
  const run = sampleRun(n)
  const end = nextState(run, 'COMPLETED', n, 1)
  await opened.store.transaction(async (tx) => {
    tx.insertRun(run, [run.state])
    tx.updateRun(applyState(run, end), [end])
    await tx.insertEvent(sampleEvent(n))
  })
}

const runsLeft = () => opened.store.read.countFlowRuns({})

test('runs and events go when their own time has come, and not before', async () => {
  await endRun(1)
  const retention = create({ runsMs: DAY_MS, eventsMs: 3 * DAY_MS })
  expect(await retention.loop.tick()).toBeGreaterThan(0) // it lets a server start first
  now = START + DAY
  await untilRest(retention)
  expect(await runsLeft()).toBe(1)
  now = START + DAY + 1_000
  await untilRest(retention)
  expect(await runsLeft()).toBe(0)
  expect(await opened.store.find.findEvent(uuid(4, 1))).toBeDefined()
  now = START + 3 * DAY + 1_000
  await untilRest(retention)
  expect(await opened.store.find.findEvent(uuid(4, 1))).toBeUndefined()
})

test('what is off is kept for ever', async () => {
  await endRun(1)
  const retention = create({ runsMs: null, eventsMs: DAY_MS })
  await retention.loop.tick()
  now = START + 1_000 * DAY
  await untilRest(retention)
  expect(await runsLeft()).toBe(1)
  expect(await opened.store.find.findEvent(uuid(4, 1))).toBeUndefined()
})

test('a bite waits for a moment without writes, and no longer than a tenth of a second', async () => {
  for (let n = 1; n <= 20; n += 1) await endRun(n)
  const retention = create({ runsMs: DAY_MS, eventsMs: null })
  await retention.loop.tick()
  now = START + 2 * DAY
  const pauses: number[] = []
  for (let n = 100; (await runsLeft()) === n - 80; n += 1) {
    pauses.push(await retention.loop.tick())
    const run = sampleRun(n)
    await opened.store.transaction(async (tx) => tx.insertRun(run, [run.state]))
  }
  expect(pauses.slice(0, -1)).toEqual(Array(20).fill(5))
})

test('a large backlog goes in many bites', async () => {
  for (let n = 1; n <= 200; n += 1) await endRun(n)
  const retention = create({ runsMs: DAY_MS, eventsMs: DAY_MS })
  await retention.loop.tick()
  now = START + 2 * DAY
  const { commits } = opened.store.counts
  await untilRest(retention)
  expect(await runsLeft()).toBe(0)
  expect(opened.store.counts.commits - commits).toBeGreaterThanOrEqual(10)
  expect(log.at(-1)).toContain('removed 200 runs and 200 events')
})

test('pruning counts or removes at once, for any age', async () => {
  await endRun(1)
  now = START + 2 * DAY
  const retention = create({ runsMs: null, eventsMs: null })
  expect(await retention.prune({ dryRun: true })).toMatchObject({ runs_before: null, removed: { flow_runs: 0 } })
  const counted = await retention.prune({ dryRun: true, olderThanMs: DAY_MS })
  expect(counted).toMatchObject({ removed: { flow_runs: 1, flow_run_states: 2, events: 1 } })
  expect(await runsLeft()).toBe(1)
  const pruning = retention.prune({ dryRun: false, olderThanMs: DAY_MS })
  const ticking = setInterval(() => {
    for (const fire of timers.splice(0)) fire()
  }, 1)
  expect(await pruning).toEqual({ ...counted, dry_run: false })
  clearInterval(ticking)
  await turn()
  expect(await runsLeft()).toBe(0)
})
