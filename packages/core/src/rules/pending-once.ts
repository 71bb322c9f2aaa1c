import type { State, StateType } from '../states.ts'
import { STATE_NAMES } from '../states.ts'
import { ACCEPT, abort, type RuleFor, type RunFacts } from './rule.ts'

const TAKEN: ReadonlySet<StateType> = new Set(['PENDING', 'RUNNING', 'CANCELLING', 'CANCELLED'])

/** Two that race for a run: the second one is told to leave it. Another name within Pending is no race, and keeps when it is due. */
export const pendingOnce: RuleFor<RunFacts> = ({ run: { state }, proposed }) => {
  if (proposed.type !== 'PENDING' || !TAKEN.has(state.type)) return ACCEPT
  const name = proposed.name ?? STATE_NAMES.PENDING
  // Back to plain Pending would be the race: the first one may have gone on already.
  const renamed = state.type === 'PENDING' && name !== state.name && name !== STATE_NAMES.PENDING
  if (!renamed) return abort(`This run is in a ${state.type} state and cannot transition to a PENDING state.`)
  return { kind: 'accept', amended: dueOf(state) }
}

const dueOf = ({ scheduledAt }: State) => (scheduledAt === null ? {} : { scheduledAt })
