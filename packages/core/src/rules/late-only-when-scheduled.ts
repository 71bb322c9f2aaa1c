import { ACCEPT, keep, type Rule } from './rule.ts'

/** Only a run that waits can be late, and once is enough. */
export const lateOnlyWhenScheduled: Rule = ({ run, proposed }) => {
  if (proposed.type !== 'SCHEDULED' || proposed.name !== 'Late') return ACCEPT
  if (run.state.type !== 'SCHEDULED') return keep('Only a scheduled run can be late.')
  return run.state.name === 'Late' ? keep('This run is late already.') : ACCEPT
}
