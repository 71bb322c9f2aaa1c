/** Runs one schedule after the other in this process, until one fails. */
import { COVERED, noCoverage } from './coverage.ts'
import { runSchedule } from './run-schedule.ts'
import { type Failure, NOTHING, type Summary } from './summary.ts'
import type { WorldOptions } from './world.ts'

const REPORT_MS = 10_000
const TRACE_LINES = 60

export interface Seeds {
  readonly from: number
  readonly seeds: number
  readonly options: WorldOptions
  /** Called every 10 s with what there is so far. */
  readonly report: (soFar: Summary) => void
}

export async function runSeeds({ from, seeds, options, report }: Seeds): Promise<Summary> {
  const startedAt = performance.now()
  let summary = NOTHING
  let reportedAt = startedAt
  const coverage = noCoverage()
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await runSchedule(seed, options)
    for (const name of COVERED) coverage[name] += result.coverage[name]
    summary = {
      schedules: summary.schedules + 1,
      steps: summary.steps + result.steps,
      commands: summary.commands + result.commands,
      crashes: summary.crashes + result.crashes,
      seconds: (performance.now() - startedAt) / 1000,
      coverage,
      failure: result.failure === null ? null : await failureOf(seed, result.failure, options),
    }
    if (summary.failure) break
    if (performance.now() - reportedAt > REPORT_MS) {
      reportedAt = performance.now()
      report(summary)
    }
    // Once in a while, what Node itself has to do: everything else happens between two turns of its loop.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return summary
}

/** Once more, with its trace. */
async function failureOf(seed: number, message: string, options: WorldOptions): Promise<Failure> {
  const { trace, failure } = await runSchedule(seed, { ...options, traced: true })
  const same = failure === message ? [] : [`(The second time it was: ${failure ?? 'nothing'}.)`]
  return { seed, message, trace: [...trace.slice(-TRACE_LINES), ...same] }
}
