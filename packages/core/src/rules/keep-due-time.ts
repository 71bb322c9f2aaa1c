import { ACCEPT, type RuleFor, type RunFacts } from './rule.ts'

/** Whoever takes a run early still has to wait before it runs: the Pending state keeps when it is due. */
export const keepDueTime: RuleFor<RunFacts> = ({ run, proposed }) => {
  const { type, scheduledAt } = run.state
  if (type !== 'SCHEDULED' || proposed.type !== 'PENDING' || scheduledAt === null) return ACCEPT
  return { kind: 'accept', amended: { scheduledAt: proposed.scheduledAt ?? scheduledAt } }
}
