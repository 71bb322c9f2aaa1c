import { MICROS_PER_MS } from '../time.ts'
import { ACCEPT, type Rule } from './rule.ts'

/** A failed or crashed attempt is tried again while retries are left. */
export const retryFailed: Rule = ({ now, run, proposed }) => {
  if (proposed.type !== 'FAILED' && proposed.type !== 'CRASHED') return ACCEPT
  if (run.state.type !== 'RUNNING' && run.state.type !== 'PENDING') return ACCEPT
  // A lease that ended before Running was an attempt too: without it a crash at start would be retried for ever.
  const attempts = run.state.type === 'RUNNING' ? run.runCount : run.epoch
  if (attempts > run.retries) return ACCEPT
  return {
    kind: 'reject',
    instead: {
      type: 'SCHEDULED',
      name: 'AwaitingRetry',
      message: proposed.message ?? null,
      scheduledAt: now + run.retryDelayMs * MICROS_PER_MS,
    },
    reason: 'Retrying',
  }
}
