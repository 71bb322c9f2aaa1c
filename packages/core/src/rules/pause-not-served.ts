import { ACCEPT, type Rule } from './rule.ts'

/** Pausing is not served yet, and is never pretended. */
export const pauseNotServed: Rule = ({ proposed }) =>
  proposed.type === 'PAUSED' ? { kind: 'abort', reason: 'This server cannot pause runs yet.' } : ACCEPT
