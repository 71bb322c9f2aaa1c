import type { FlowRun } from '../run.ts'
import type { StateProposal } from '../states.ts'
import type { Micros, Ms } from '../time.ts'

/** Everything a rule may look at. */
export interface Facts {
  readonly run: FlowRun
  readonly proposed: StateProposal
  readonly now: Micros
  /** True when the run's executor reports it; it knows whether the work is gone. */
  readonly byExecutor: boolean
}

/** What becomes of a proposal. `reject` writes another state in its place, or keeps the current one where it names none. */
export type Verdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'reject'; readonly instead: Omit<StateProposal, 'id'> | null; readonly reason: string }
  | { readonly kind: 'wait'; readonly delayMs: Ms; readonly reason: string }
  | { readonly kind: 'abort'; readonly reason: string }

export type Rule = (facts: Facts) => Verdict

export const ACCEPT: Verdict = { kind: 'accept' }
