/**
 * `npm run simulate`: runs schedules, and prints what they met and how fast they were.
 *
 *   --seeds N      how many; default 1 000          --from N   the first seed; default 1
 *   --workers N    how many processes; default 2    --json     one JSON document instead of sentences
 *   --seed N       one schedule, with its whole trace
 *   --mutant NAME  with a fault in the shipped code, to see that it is found; `--mutant list` names them
 */
import { parseArgs } from 'node:util'
import { COVERED_MIN, missing } from './coverage.ts'
import { runInProcesses } from './in-processes.ts'
import { installMutant, isMutant, MUTANTS } from './mutants.ts'
import { describe, type Summary } from './summary.ts'
import type { WorldOptions } from './world.ts'

/** From so many on, a danger that was not met often enough is a failure. */
const SEEDS_FOR_COVERAGE = 2_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string' },
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

function whole(name: 'seeds' | 'from' | 'workers' | 'seed', text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  process.stderr.write(`--${name} is a whole number, and "${text}" is none.\n`)
  process.exit(2)
}

function mutantOptions(): WorldOptions {
  const { mutant } = values
  if (mutant === undefined) return {}
  if (isMutant(mutant)) return installMutant(mutant)
  process.stdout.write(`${Object.keys(MUTANTS).join('\n')}\n`)
  process.exit(mutant === 'list' ? 0 : 2)
}

// A signal ends this process by its exit, and so the others with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const again = values.mutant === undefined ? '' : ` --mutant "${values.mutant}"`
const options = mutantOptions()

if (values.seed !== undefined) {
  const { runSchedule } = await import('./run-schedule.ts')
  const seed = whole('seed', values.seed)
  const { trace, failure, steps, commands, crashes } = await runSchedule(seed, { ...options, traced: true })
  process.stdout.write(`${trace.join('\n')}\n`)
  const figures = `${commands} commands, ${crashes} crashes, ${steps} steps`
  process.stdout.write(`seed ${seed}: ${figures}: ${failure ?? 'nothing is wrong'}\n`)
  process.exitCode = failure === null ? 0 : 1
} else {
  const from = whole('from', values.from)
  const seeds = whole('seeds', values.seeds)
  const workers = whole('workers', values.workers)
  const report = (soFar: Summary): void => {
    if (!values.json) process.stderr.write(`${describe(soFar)}\n`)
  }
  const summary =
    workers > 1
      ? await runInProcesses({ from, seeds, workers, mutant: values.mutant, report })
      : await (await import('./run-seeds.ts')).runSeeds({ from, seeds, options, report })
  process.stdout.write(values.json ? `${JSON.stringify(summary)}\n` : `${describe(summary, again)}\n`)
  process.exitCode = summary.failure === null ? 0 : 1
  const seldom = seeds < SEEDS_FOR_COVERAGE || values.mutant !== undefined ? [] : missing(summary.coverage)
  if (summary.failure === null && seldom.length > 0) {
    process.stderr.write(`Nothing failed, but this was met fewer than ${COVERED_MIN} times: ${seldom.join(', ')}.\n`)
    process.exitCode = 1
  }
}
