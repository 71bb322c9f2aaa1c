import { enterState, type State, type StateProposal } from '../states.ts'
import { cancelIdleAtOnce } from './cancel-idle-at-once.ts'
import { cancelWhenGone } from './cancel-when-gone.ts'
import { cancellingEndsCancelled } from './cancelling-ends-cancelled.ts'
import { keepDueTime } from './keep-due-time.ts'
import { keepStoredResult } from './keep-stored-result.ts'
import { lateOnlyWhenScheduled } from './late-only-when-scheduled.ts'
import { pauseOnce } from './pause-once.ts'
import { pendingOnce } from './pending-once.ts'
import { resumeInTime } from './resume-in-time.ts'
import { retryFailed } from './retry-failed.ts'
import type { Rule, RuleFor, RunFacts, Verdict } from './rule.ts'
import { sameTransitionOnce } from './same-transition-once.ts'
import { terminalStays } from './terminal-stays.ts'
import { waitUntilDue } from './wait-until-due.ts'

/** Rules for flow runs, most important first. The first one that objects decides. */
export const flowRunPolicy: readonly Rule[] = [
  sameTransitionOnce,
  terminalStays,
  cancellingEndsCancelled,
  cancelIdleAtOnce,
  cancelWhenGone,
  pendingOnce,
  lateOnlyWhenScheduled,
  pauseOnce,
  resumeInTime,
  keepDueTime,
  waitUntilDue,
  retryFailed,
]

/** A person who forces a state passes by the rules, but for those that keep a transition single, and a result from being lost. */
export const forcedPolicy: readonly Rule[] = [sameTransitionOnce, keepStoredResult, cancelIdleAtOnce]

/** What a proposal leads to: the state to write, if any, and what to tell its sender. */
export type Decision =
  | { readonly status: 'ACCEPT'; readonly state: State }
  | { readonly status: 'REJECT'; readonly state: State | null; readonly reason: string }
  | { readonly status: 'WAIT'; readonly delayMs: number; readonly reason: string }
  | { readonly status: 'ABORT'; readonly reason: string }

/** Asks each rule in turn. Pure: the shell writes what it says. */
export function decide<F extends RunFacts>(policy: readonly RuleFor<F>[], facts: F): Decision {
  let current = facts
  for (const rule of policy) {
    const verdict = rule(current)
    if (verdict.kind !== 'accept') return decisionOf(verdict, current)
    if (verdict.amended) current = { ...current, proposed: { ...current.proposed, ...verdict.amended } }
  }
  return { status: 'ACCEPT', state: enter(current, current.proposed) }
}

const enter = ({ now, run }: RunFacts, proposal: StateProposal): State => enterState(proposal, now, run.state.id)

function decisionOf(verdict: Exclude<Verdict, { kind: 'accept' }>, facts: RunFacts): Decision {
  switch (verdict.kind) {
    case 'reject': {
      const state = verdict.instead === null ? null : enter(facts, { ...verdict.instead, id: facts.proposed.id })
      return { status: 'REJECT', state, reason: verdict.reason }
    }
    case 'wait':
      return { status: 'WAIT', delayMs: verdict.delayMs, reason: verdict.reason }
    case 'abort':
      return { status: 'ABORT', reason: verdict.reason }
  }
}
