import { MICROS_PER_MS } from '../time.ts'
import { ACCEPT, type Rule } from './rule.ts'

/** Holds a scheduled run back until its due time. */
export const waitUntilDue: Rule = ({ now, run, proposed }) => {
  if (run.state.type !== 'SCHEDULED' || (proposed.type !== 'PENDING' && proposed.type !== 'RUNNING')) return ACCEPT
  const due = run.state.scheduledAt ?? now
  if (due <= now) return ACCEPT
  return { kind: 'wait', delayMs: Math.ceil((due - now) / MICROS_PER_MS), reason: 'The run is not due yet.' }
}
