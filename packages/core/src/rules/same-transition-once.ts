import { ACCEPT, type Rule } from './rule.ts'

/** A transition that was sent again changes nothing; its sender is shown the state it led to. */
export const sameTransitionOnce: Rule = ({ run, proposed }) => {
  const transition = proposed.details?.transition_id
  if (transition === undefined || transition === null || run.state.details.transition_id !== transition) return ACCEPT
  return { kind: 'reject', instead: null, reason: 'This transition has already been made.' }
}
