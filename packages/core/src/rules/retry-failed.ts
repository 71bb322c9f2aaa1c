import type { StateProposal } from '../states.ts'
import { MICROS_PER_MS } from '../time.ts'
import { ACCEPT, type Facts, type Rule } from './rule.ts'

/**
 * A failed attempt is tried again while retries are left. Whoever ran it goes on by itself; a run of one of our
 * executors is given to an executor again, and a crash of that one counts as a failure.
 */
export const retryFailed: Rule = (facts) => {
  const { now, run, proposed } = facts
  if (!isFailure(facts)) return ACCEPT
  // A lease that ended before Running was an attempt too: without it a crash at start would be retried for ever.
  const attempts = run.state.type === 'RUNNING' ? run.runCount : run.epoch
  if (attempts > run.retries) return ACCEPT
  const instead: Omit<StateProposal, 'id'> = {
    type: 'SCHEDULED',
    name: 'AwaitingRetry',
    message: proposed.message ?? null,
    ...(proposed.data === undefined ? {} : { data: proposed.data }),
    scheduledAt: now + run.retryDelayMs * MICROS_PER_MS,
  }
  return { kind: 'reject', instead, reason: 'Retrying' }
}

function isFailure({ run, proposed }: Facts): boolean {
  const running = run.state.type === 'RUNNING'
  if (run.epoch === 0) return running && proposed.type === 'FAILED' && run.retries > 0
  return (proposed.type === 'FAILED' || proposed.type === 'CRASHED') && (running || run.state.type === 'PENDING')
}
