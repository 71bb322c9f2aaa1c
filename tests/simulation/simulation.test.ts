/** What the simulation promises of itself. Its schedules are run by `npm run simulate`, and by `npm test` 2 000 of them. */
import { expect, test } from 'vitest'
import { COVERED_MIN, missing, noCoverage } from './coverage.ts'
import { runSchedule } from './run-schedule.ts'
import { runSeeds } from './run-seeds.ts'
import { describe } from './summary.ts'

test('the same seed gives the same trace, step by step, whether or not it is written down', { timeout: 60_000 }, async () => {
  for (const seed of [1, 2, 3]) {
    const first = await runSchedule(seed, { traced: true })
    const second = await runSchedule(seed, { traced: true })
    expect(second.trace).toEqual(first.trace)
    expect(first.steps).toBeGreaterThan(200)
    expect((await runSchedule(seed)).steps).toBe(first.steps)
  }
})

test('another seed gives another trace', async () => {
  const [one, other] = [await runSchedule(4), await runSchedule(5)]
  expect([one.steps, one.commands]).not.toEqual([other.steps, other.commands])
})

test('a schedule is at least 60 commands and two crashes', { timeout: 60_000 }, async () => {
  for (const seed of [11, 12, 13, 14, 15, 16]) {
    const { commands, crashes, failure } = await runSchedule(seed)
    expect(failure).toBe(null)
    expect(commands).toBeGreaterThanOrEqual(60)
    expect(crashes).toBeGreaterThanOrEqual(2)
  }
})

test('a seed that fails prints itself, its trace, and how to see it again', { timeout: 60_000 }, async () => {
  const summary = await runSeeds({ from: 1, seeds: 50, options: { flushAnswersEarly: true }, report: () => undefined })
  expect(summary.failure).not.toBe(null)
  const text = describe(summary, ' --mutant "a flush that answers early"')
  expect(text).toContain('VIOLATED I5')
  expect(text).toContain(`npm run simulate -- --seed ${summary.failure?.seed} --mutant "a flush that answers early"`)
})

test('what was met too seldom is told by its name', () => {
  const coverage = { ...noCoverage(), 'items sent again': COVERED_MIN, 'cancel against completion': COVERED_MIN - 1 }
  expect(missing(coverage)).toContain('cancel against completion')
  expect(missing(coverage)).not.toContain('items sent again')
})
