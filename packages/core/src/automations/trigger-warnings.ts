/** What is allowed, as Prefect allows it, and seldom meant: told when an automation is saved. */
import type { Action, EventTrigger } from './types.ts'

const isWholeKind = (values: string | readonly string[] | undefined, kind: string): boolean =>
  [values ?? []].flat().includes(`${kind}.*`)

/** True when it says no more than that it is about flow runs. */
function takesEveryRun(spec: EventTrigger['match']): boolean {
  const labels = Object.keys(spec)
  if (labels.length === 0) return true
  return labels.length === 1 && isWholeKind(spec['prefect.resource.id'], 'prefect.flow-run')
}

/** Events of states that every run of a deployment goes through. */
const EVERY_RUN: ReadonlySet<string> = new Set([
  'prefect.flow-run.*',
  'prefect.flow-run.Scheduled',
  'prefect.flow-run.Pending',
  'prefect.flow-run.Running',
])

const literalOnly = (pattern: string): boolean => /[?[]/.test(pattern) || pattern.startsWith('!')

export function triggerWarnings(trigger: EventTrigger): string[] {
  const { expect, after, match, match_related } = trigger
  const warnings = [...expect, ...after]
    .filter(literalOnly)
    .map(
      (name) =>
        `the event name "${name}" is not what it looks like: in event names only * is a wildcard and none is negated, so it fits an event of just this name at most`,
    )
  const takesAll = [expect, after, match_related, Object.keys(match)].every(({ length }) => length === 0)
  return takesAll ? [...warnings, 'the trigger has neither "expect" nor "match", so every event counts'] : warnings
}

/** An automation that every run starts, and that starts a run. Prefect refuses it; here a chain ends at its greatest depth. */
export function loopWarnings({ expect, match, match_related }: EventTrigger, actions: readonly Action[]): string[] {
  const starts = actions.filter((action) => action.type === 'run-deployment')
  if (starts.length === 0 || !expect.some((name) => EVERY_RUN.has(name))) return []
  const inferred = starts.some(({ source }) => source === 'inferred')
  const related = match_related.length === 0 || match_related.some(takesEveryRun)
  if (!inferred && !(takesEveryRun(match) && related)) return []
  return ['every run it starts makes the event that it waits for, so it triggers itself; narrow "match" or "match_related"']
}
