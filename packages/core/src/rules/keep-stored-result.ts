import { ACCEPT, keep, type Rule } from './rule.ts'
import { hasResult } from './terminal-stays.ts'

/** Completing a run again does not lose where its result is stored. */
export const keepStoredResult: Rule = ({ run, proposed }) =>
  run.state.type === 'COMPLETED' && proposed.type === 'COMPLETED' && hasResult(run.state.data) && !hasResult(proposed.data)
    ? keep('The run is COMPLETED and has stored its result, which this state would lose.')
    : ACCEPT
