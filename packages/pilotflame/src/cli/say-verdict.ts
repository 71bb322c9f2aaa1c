/** What became of an event with one automation, as a sentence. */
import type { VerdictOutcomeWire } from '@pilotflame/core'
import type { Colors } from './output.ts'

export function sayVerdict(automation: string, outcome: VerdictOutcomeWire, colors: Colors): string {
  const name = `"${automation}"`
  switch (outcome.kind) {
    case 'fired': {
      const runs = outcome.runs.length
      return `${colors.green('●')} ${name} fired: ${runs === 0 ? 'no run' : runs === 1 ? '1 run' : `${runs} runs`}`
    }
    case 'counting':
      return `${colors.yellow('◌')} ${name} is counting: ${outcome.count} of ${outcome.threshold}`
    case 'throttled':
      return `${colors.yellow('◌')} ${name} has acted already: throttled until ${outcome.until}`
    case 'opened':
      return `${colors.yellow('◌')} ${name} counts from now on: this event opened it`
    case 'rejected_parameters': {
      const faults = outcome.faults.map(({ loc, msg }) => `\n  ${loc.join('.') || 'parameters'}: ${msg}`)
      return `${colors.red('✗')} ${name} matched, but the parameters do not fit the deployment:${faults.join('')}`
    }
    case 'failed':
      return `${colors.red('✗')} ${name} matched, but could not act: ${outcome.message}`
    case 'too_deep':
      return `${colors.red('✗')} ${name} was stopped: ${outcome.message}`
  }
}
