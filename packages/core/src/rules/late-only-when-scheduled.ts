import { ACCEPT, type Rule } from './rule.ts'

/** Only a run that waits can be late. */
export const lateOnlyWhenScheduled: Rule = ({ run, proposed }) =>
  proposed.type === 'SCHEDULED' && proposed.name === 'Late' && run.state.type !== 'SCHEDULED'
    ? { kind: 'reject', instead: null, reason: 'Only a scheduled run can be late.' }
    : ACCEPT
