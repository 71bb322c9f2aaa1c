/** What a row of schedules came to. */
import { COVERED, type Coverage, noCoverage } from './coverage.ts'

export interface Failure {
  readonly seed: number
  readonly message: string
  /** The last lines of its trace. */
  readonly trace: readonly string[]
}

export interface Summary {
  readonly schedules: number
  readonly steps: number
  readonly commands: number
  readonly crashes: number
  readonly seconds: number
  readonly coverage: Coverage
  /** The first schedule that failed; nothing was run after it. */
  readonly failure: Failure | null
}

export const NOTHING: Summary = {
  schedules: 0,
  steps: 0,
  commands: 0,
  crashes: 0,
  seconds: 0,
  coverage: noCoverage(),
  failure: null,
}

/** Both together; they ran at the same time. */
export function join(one: Summary, other: Summary): Summary {
  const coverage = noCoverage()
  for (const name of COVERED) coverage[name] = one.coverage[name] + other.coverage[name]
  return {
    schedules: one.schedules + other.schedules,
    steps: one.steps + other.steps,
    commands: one.commands + other.commands,
    crashes: one.crashes + other.crashes,
    seconds: Math.max(one.seconds, other.seconds),
    coverage,
    failure: one.failure ?? other.failure,
  }
}

export function describe({ schedules, steps, commands, crashes, seconds, coverage, failure }: Summary, again = ''): string {
  const rate = seconds === 0 ? 0 : schedules / seconds
  const lines = [
    `${schedules} schedules in ${seconds.toFixed(1)} s (${rate.toFixed(0)} per second): ${commands} commands, ${crashes} crashes, ${steps} steps`,
    ...COVERED.map((name) => `  ${name}: ${coverage[name]}`),
  ]
  if (failure) {
    lines.push(...failure.trace, `seed ${failure.seed} failed: ${failure.message}`)
    lines.push(`It happens again with: npm run simulate -- --seed ${failure.seed}${again}`)
  }
  return lines.join('\n')
}
