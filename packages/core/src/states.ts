import type { Json } from './json.ts'
import type { Micros } from './time.ts'

/** The kinds of state a run can be in; Prefect's words. */
export const STATE_TYPES = [
  'SCHEDULED',
  'PENDING',
  'RUNNING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'CRASHED',
  'PAUSED',
  'CANCELLING',
] as const
export type StateType = (typeof STATE_TYPES)[number]

/** The name a state has when nobody gave it another: `RUNNING` → `Running`. */
export const STATE_NAMES: Readonly<Record<StateType, string>> = {
  SCHEDULED: 'Scheduled',
  PENDING: 'Pending',
  RUNNING: 'Running',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  CRASHED: 'Crashed',
  PAUSED: 'Paused',
  CANCELLING: 'Cancelling',
}

const TERMINAL: ReadonlySet<StateType> = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED'])
export const isTerminal = (type: StateType): boolean => TERMINAL.has(type)

/** Prefect's `state_details`, in its own spelling: it is kept and given back as it came. */
export type StateDetails = Readonly<Record<string, Json>>

/** A state that somebody asks for. */
export interface StateProposal {
  /** UUID of the state (and so of its event); made by whoever proposes, so that sending it again changes nothing. */
  readonly id: string
  readonly type: StateType
  /** Default: the type's own name. */
  readonly name?: string
  readonly message?: string | null
  readonly data?: Json
  readonly details?: StateDetails
  /** When the run may start; only for `SCHEDULED`, and for `PENDING` where somebody has taken the run before it is due. */
  readonly scheduledAt?: Micros
}

/** A state that a run is or was in. Its id is also the id of its event (I4). */
export interface State {
  readonly id: string
  readonly type: StateType
  readonly name: string
  /** When it was entered. */
  readonly at: Micros
  readonly message: string | null
  readonly data: Json
  readonly details: StateDetails
  readonly scheduledAt: Micros | null
  /** The id of the state before it, where there was one. */
  readonly follows: string | null
}

/** The proposal as a state that was entered at `at`. */
export const enterState = (proposal: StateProposal, at: Micros, follows: string | null): State => ({
  id: proposal.id,
  type: proposal.type,
  name: proposal.name ?? STATE_NAMES[proposal.type],
  at,
  message: proposal.message ?? null,
  data: proposal.data ?? null,
  details: proposal.details ?? {},
  scheduledAt: dueAt(proposal, at),
  follows,
})

function dueAt({ type, scheduledAt }: StateProposal, at: Micros): Micros | null {
  if (type === 'SCHEDULED') return scheduledAt ?? at
  return type === 'PENDING' ? (scheduledAt ?? null) : null
}
