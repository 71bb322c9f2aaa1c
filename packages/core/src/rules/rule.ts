import type { FlowRun } from '../run.ts'
import type { State, StateProposal } from '../states.ts'
import type { Micros, Ms } from '../time.ts'

/** What the rules of every kind of run may look at. */
export interface RunFacts {
  readonly run: { readonly state: State }
  readonly proposed: StateProposal
  readonly now: Micros
}

/** Everything a rule for flow runs may look at. */
export interface Facts extends RunFacts {
  readonly run: FlowRun
  /** True when the run's executor reports it; it knows whether the work is gone. */
  readonly byExecutor: boolean
}

/**
 * What becomes of a proposal. `accept` may amend it and leaves it to the rules that follow; `reject` writes another
 * state in its place, or keeps the current one where it names none.
 */
export type Verdict =
  | { readonly kind: 'accept'; readonly amended?: Partial<Omit<StateProposal, 'id' | 'type'>> }
  | { readonly kind: 'reject'; readonly instead: Omit<StateProposal, 'id'> | null; readonly reason: string }
  | { readonly kind: 'wait'; readonly delayMs: Ms; readonly reason: string }
  | { readonly kind: 'abort'; readonly reason: string }

export type RuleFor<F extends RunFacts> = (facts: F) => Verdict
export type Rule = RuleFor<Facts>

export const ACCEPT: Verdict = { kind: 'accept' }
export const abort = (reason: string): Verdict => ({ kind: 'abort', reason })
/** Nothing is written, and whoever asked goes on with the state that the run has. */
export const keep = (reason: string): Verdict => ({ kind: 'reject', instead: null, reason })
