/**
 * `npm run simulate`: runs schedules one after the other, and prints what they met and how fast they were.
 *
 *   --seeds N   how many; default 1 000        --from N   the first seed; default 1
 *   --seed N    one, with its whole trace
 */
import { parseArgs } from 'node:util'
import { COVERED, noCoverage } from './coverage.ts'
import { runSchedule } from './run-schedule.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, from: { type: 'string', default: '1' }, seed: { type: 'string' } },
})

if (values.seed !== undefined) {
  const { trace, failure, steps, commands, crashes } = await runSchedule(Number(values.seed), { traced: true })
  process.stdout.write(`${trace.join('\n')}\n`)
  process.stdout.write(`seed ${values.seed}: ${commands} commands, ${crashes} crashes, ${steps} steps: ${failure ?? 'nothing is wrong'}\n`)
  process.exitCode = failure === null ? 0 : 1
} else {
  const coverage = noCoverage()
  const started = performance.now()
  const from = Number(values.from)
  const seeds = Number(values.seeds)
  let steps = 0
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await runSchedule(seed)
    steps += result.steps
    for (const name of COVERED) coverage[name] += result.coverage[name]
    if (result.failure !== null) {
      process.stdout.write(`seed ${seed}: ${result.failure}\n  again: npm run simulate -- --seed ${seed}\n`)
      process.exitCode = 1
      break
    }
  }
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(`${JSON.stringify({ from, seeds, steps, seconds, perSecond: seeds / seconds, coverage })}\n`)
}
