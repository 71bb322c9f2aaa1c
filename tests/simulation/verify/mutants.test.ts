/** The simulation has teeth: whatever is taken away that keeps an invariant, it is found. A part of `npm run verify`. */
import { expect, test } from 'vitest'
import { runInProcesses } from '../in-processes.ts'
import { MUTANTS } from '../mutants.ts'

const SCHEDULES = 2_000

test.concurrent.each(Object.keys(MUTANTS))('%s is found within 2 000 schedules', async (mutant) => {
  const summary = await runInProcesses({ from: 1, seeds: SCHEDULES, workers: 1, mutant, report: () => undefined })
  expect(summary.failure?.message ?? 'nothing was found').not.toBe('nothing was found')
})
