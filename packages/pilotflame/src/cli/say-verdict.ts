/** What became of an event with one automation, as a sentence. */
import { type ActionTrouble, IGNORED_BECAUSE, type VerdictOutcomeWire } from '@pilotflame/core'
import type { Colors } from './output.ts'

const runsText = (runs: number): string => (runs === 0 ? 'no run' : runs === 1 ? '1 run' : `${runs} runs`)

function sayTrouble(trouble: ActionTrouble): string {
  if (trouble.kind === 'failed') return `could not act: ${trouble.message}`
  const faults = trouble.faults.map(({ loc, msg }) => `\n  ${loc.join('.') || 'parameters'}: ${msg}`)
  return `the parameters do not fit the deployment:${faults.join('')}`
}

export function sayVerdict(automation: string, outcome: VerdictOutcomeWire, colors: Colors): string {
  const name = `"${automation}"`
  switch (outcome.kind) {
    case 'fired':
      return `${colors.green('●')} ${name} fired: ${runsText(outcome.runs.length)}`
    case 'counting':
      return `${colors.yellow('◌')} ${name} is counting: ${outcome.count} of ${outcome.threshold}`
    case 'throttled':
      return `${colors.yellow('◌')} ${name} has acted already: throttled until ${outcome.until}`
    case 'opened':
      return `${colors.yellow('◌')} ${name} counts from now on: this event opened it`
    case 'ignored':
      return `${colors.yellow('◌')} ${name} did not count it: ${IGNORED_BECAUSE[outcome.reason]}`
    case 'rejected_parameters':
    case 'failed': {
      const lines = [outcome, ...outcome.also].map((one) => `${colors.red('✗')} ${name} matched, but ${sayTrouble(one)}`)
      if (outcome.runs.length > 0)
        lines.push(`${colors.green('●')} ${name} started ${runsText(outcome.runs.length)} by its other actions`)
      return lines.join('\n')
    }
    case 'too_deep':
      return `${colors.red('✗')} ${name} was stopped: ${outcome.message}`
  }
}
