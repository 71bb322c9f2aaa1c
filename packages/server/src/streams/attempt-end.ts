/**
 * How an attempt ended that was not the last of its run. Made from the run's states and from nothing else, so that
 * all viewers are told the same, whenever they come.
 */
import { isTerminal, type StateType, type StreamAttemptEnd } from '@pilotflame/core'

export interface StateSeen {
  readonly type: StateType
  readonly name: string
  readonly message: string | null
}

/** The state that `attempt` ended with; undefined while it goes on, and where the run has ended with it. */
export function attemptEndOf(states: readonly StateSeen[], attempt: number): StreamAttemptEnd | undefined {
  let entered = 0
  for (const [index, { type, name, message }] of states.entries()) {
    if (type === 'RUNNING') {
      entered += 1
      // Its end was lost: somebody has forced the next attempt.
      if (entered > attempt) return { attempt, state_type: type, state_name: name, message }
      continue
    }
    if (entered < attempt || type === 'CANCELLING' || type === 'PAUSED') continue
    if (isTerminal(type) && index === states.length - 1) return undefined
    return { attempt, state_type: type, state_name: name, message }
  }
  return undefined
}
