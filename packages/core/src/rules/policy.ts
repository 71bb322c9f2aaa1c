import { enterState, type State, type StateProposal } from '../states.ts'
import { cancelWhenGone } from './cancel-when-gone.ts'
import { cancellingEndsCancelled } from './cancelling-ends-cancelled.ts'
import { lateOnlyWhenScheduled } from './late-only-when-scheduled.ts'
import { pauseNotServed } from './pause-not-served.ts'
import { pendingOnce } from './pending-once.ts'
import { retryFailed } from './retry-failed.ts'
import { ACCEPT, type Facts, type Rule } from './rule.ts'
import { sameTransitionOnce } from './same-transition-once.ts'
import { terminalStays } from './terminal-stays.ts'
import { waitUntilDue } from './wait-until-due.ts'

/** Rules for flow runs, most important first. The first one that objects decides. */
export const flowRunPolicy: readonly Rule[] = [
  sameTransitionOnce,
  terminalStays,
  cancellingEndsCancelled,
  cancelWhenGone,
  pendingOnce,
  lateOnlyWhenScheduled,
  pauseNotServed,
  waitUntilDue,
  retryFailed,
]

/** A person who forces a state passes by the rules, but for the one that keeps a transition single. */
export const forcedPolicy: readonly Rule[] = [sameTransitionOnce]

/** What a proposal leads to: the state to write, if any, and what to tell its sender. */
export type Decision =
  | { readonly status: 'ACCEPT'; readonly state: State }
  | { readonly status: 'REJECT'; readonly state: State | null; readonly reason: string }
  | { readonly status: 'WAIT'; readonly delayMs: number; readonly reason: string }
  | { readonly status: 'ABORT'; readonly reason: string }

/** Asks each rule in turn. Pure: the shell writes what it says. */
export function decide(policy: readonly Rule[], facts: Facts): Decision {
  let verdict = ACCEPT
  for (const rule of policy) {
    verdict = rule(facts)
    if (verdict.kind !== 'accept') break
  }
  const enter = (proposal: StateProposal): State => enterState(proposal, facts.now, facts.run.state.id)
  switch (verdict.kind) {
    case 'accept':
      return { status: 'ACCEPT', state: enter(facts.proposed) }
    case 'reject': {
      const state = verdict.instead === null ? null : enter({ ...verdict.instead, id: facts.proposed.id })
      return { status: 'REJECT', state, reason: verdict.reason }
    }
    case 'wait':
      return { status: 'WAIT', delayMs: verdict.delayMs, reason: verdict.reason }
    case 'abort':
      return { status: 'ABORT', reason: verdict.reason }
  }
}
