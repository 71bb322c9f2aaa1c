/** What a run's states say of the time of one attempt, where its marks do not: they come from its executor, which may die. */
import { isTerminal } from '../states.ts'
import type { Micros } from '../time.ts'
import type { StateMoment } from './facts.ts'

export interface AttemptTimes {
  /** From its entry into Running to its end; null where the states do not tell. */
  readonly ranMicros: number | null
  /** How much of its wait was for its own moment: a pause before a retry, or a later start that was asked for. */
  readonly delayedMicros: number
}

const UNKNOWN: AttemptTimes = { ranMicros: null, delayedMicros: 0 }

export function attemptTimes(states: readonly StateMoment[], { runCount }: { readonly runCount: number }): AttemptTimes {
  const entries = states.filter(({ type }) => type === 'RUNNING')
  const entered = entries.at(-1)
  // After a pause it is Running once more in the same attempt.
  if (!entered || entries.length !== runCount) return UNKNOWN
  const index = states.indexOf(entered)
  const end = states.slice(index).find(({ type }) => isTerminal(type) || type === 'SCHEDULED')
  return { ranMicros: end ? end.at - entered.at : null, delayedMicros: delayBefore(states.slice(0, index)) }
}

function delayBefore(states: readonly StateMoment[]): Micros {
  const waiting = states.findLast(({ type, name }) => type === 'SCHEDULED' && name !== 'Late')
  return waiting ? Math.max(0, (waiting.scheduledAt ?? waiting.at) - waiting.at) : 0
}
