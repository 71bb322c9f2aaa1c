import { MICROS_PER_MS } from '../time.ts'
import { ACCEPT, type RuleFor, type RunFacts } from './rule.ts'

/** Prefect's clients wait whole seconds: what is nearer than half of one may start. */
const NEAR_MS = 500

/** Holds a run back until its due time, also one that somebody has taken early. */
export const waitUntilDue: RuleFor<RunFacts> = ({ now, run, proposed }) => {
  const { type, scheduledAt } = run.state
  if ((type !== 'SCHEDULED' && type !== 'PENDING') || proposed.type !== 'RUNNING' || scheduledAt === null) return ACCEPT
  const delayMs = Math.ceil((scheduledAt - now) / MICROS_PER_MS)
  return delayMs <= NEAR_MS ? ACCEPT : { kind: 'wait', delayMs, reason: 'The run is not due yet.' }
}
