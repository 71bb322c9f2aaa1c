/** Changes of state that Prefect's own server was asked about, and that our rules are asked about too. */
import { STATE_TYPES, type StateType } from '../src/states.ts'

export interface Step {
  readonly type: StateType
  readonly name?: string
  readonly data?: Readonly<Record<string, string>>
  readonly details?: Readonly<Record<string, string | boolean | null>>
  /** Seconds from now. */
  readonly scheduledIn?: number
  readonly timeoutIn?: number
  readonly force?: boolean
}

interface Case {
  /** The state it is made with. */
  readonly first: Step
  /** What is proposed then, one after the other; the answer to the last one counts. */
  readonly steps: readonly Step[]
  readonly policy?: Readonly<Record<string, number>>
}

export interface FlowRunCase extends Case {
  readonly deployment?: true
  readonly subflow?: true
  /** Whoever runs it has said where. */
  readonly pid?: true
}

export interface TaskRunCase extends Case {
  /** The state of its flow run; without, it is a task outside of a flow. */
  readonly flow?: Step
}

export interface RecordedCase extends FlowRunCase, TaskRunCase {
  readonly says: {
    readonly status: 'ACCEPT' | 'REJECT' | 'WAIT' | 'ABORT'
    readonly http: number
    /** The state in the answer, and the one that the run has then. */
    readonly answered: string | null
    readonly becomes: string
    readonly run_count: number
    readonly pause_keys?: number
    readonly resuming?: boolean
    readonly retry_type?: string | null
    readonly parent?: string
    readonly parent_run_count?: number
  }
}

const forced = (type: StateType, more: Omit<Step, 'type' | 'force'> = {}): Step => ({ type, force: true, ...more })
const RUNNING: Step = { type: 'RUNNING' }
const STORED = { type: 'reference' }
const NOT_STORED = { type: 'unpersisted' }
const LATER = 60

/** How a run comes into a state of each type. */
function into(type: StateType, more: Omit<Step, 'type'> = {}): Pick<Case, 'first' | 'steps'> {
  if (type === 'SCHEDULED' || type === 'PENDING' || type === 'RUNNING') return { first: { type, ...more }, steps: [] }
  return { first: RUNNING, steps: [{ type, force: true, ...more }] }
}

const then = <C extends Case>(one: C, ...steps: readonly Step[]): C => ({ ...one, steps: [...one.steps, ...steps] })
const pairs = STATE_TYPES.flatMap((from) => STATE_TYPES.map((to) => ({ from, to })))

const suspended = (more: Omit<Step, 'type' | 'details'> = {}) => ({
  ...into('PAUSED', { name: 'Suspended', details: { pause_reschedule: true }, ...more }),
  deployment: true as const,
})

const special: readonly FlowRunCase[] = [
  // Names
  then(into('PENDING', { name: 'Submitting' }), { type: 'PENDING' }),
  then(into('PENDING', { name: 'Submitting' }), { type: 'PENDING', name: 'Submitting' }),
  then(into('PENDING'), { type: 'PENDING', name: 'Submitting' }),
  then(into('SCHEDULED'), { type: 'SCHEDULED', name: 'Late' }),
  then(into('SCHEDULED', { name: 'Late' }), { type: 'SCHEDULED', name: 'Late' }),
  then(into('RUNNING'), { type: 'SCHEDULED', name: 'Late' }),
  then(into('FAILED'), { type: 'SCHEDULED', name: 'Late' }),
  // Scheduled for later
  then(into('SCHEDULED', { scheduledIn: LATER }), { type: 'PENDING' }),
  then(into('SCHEDULED', { scheduledIn: LATER }), RUNNING),
  then(into('SCHEDULED', { scheduledIn: LATER }), { type: 'PENDING' }, RUNNING),
  then(into('SCHEDULED', { scheduledIn: LATER }), { type: 'PENDING' }, { type: 'PENDING', name: 'Submitting' }, RUNNING),
  then(into('SCHEDULED', { scheduledIn: LATER }), { type: 'CANCELLED' }),
  then(into('SCHEDULED', { scheduledIn: LATER }), forced('RUNNING')),
  then(into('SCHEDULED', { scheduledIn: 0.2 }), RUNNING),
  then(into('SCHEDULED', { scheduledIn: -LATER }), RUNNING),
  // Retries
  ...[0, 1, 2].map((retries) => ({ ...then(into('RUNNING'), { type: 'FAILED' }), policy: { retries } })),
  { ...then(into('RUNNING'), { type: 'FAILED', name: 'TimedOut' }), policy: { retries: 1 } },
  { ...then(into('RUNNING'), { type: 'CRASHED' }), policy: { retries: 1 } },
  { ...then(into('PENDING'), { type: 'FAILED' }), policy: { retries: 1 } },
  { ...then(into('RUNNING'), { type: 'FAILED' }, RUNNING), policy: { retries: 1 } },
  { ...then(into('RUNNING'), { type: 'FAILED' }, RUNNING, { type: 'FAILED' }), policy: { retries: 1 } },
  { ...then(into('RUNNING'), { type: 'FAILED' }, RUNNING), policy: { retries: 1, retry_delay: LATER } },
  { ...then(into('RUNNING'), { type: 'FAILED' }, { type: 'CANCELLING' }), policy: { retries: 1 } },
  { ...then(into('RUNNING'), { type: 'FAILED' }), policy: { retries: 1 }, deployment: true },
  // What has ended
  ...(['CANCELLED', 'COMPLETED', 'CRASHED', 'FAILED', 'PENDING', 'RUNNING', 'SCHEDULED'] as const).flatMap((type) => [
    then(into('COMPLETED', { data: STORED }), { type }),
    then(into('COMPLETED', { data: NOT_STORED }), { type }),
  ]),
  { ...then(into('COMPLETED', { data: STORED }), { type: 'SCHEDULED' }), deployment: true },
  then(into('COMPLETED', { data: STORED }), { type: 'COMPLETED', data: STORED }),
  then(into('COMPLETED', { data: STORED }), forced('COMPLETED')),
  { ...then(into('FAILED'), { type: 'SCHEDULED', name: 'AwaitingRetry' }, { type: 'PENDING' }, RUNNING), deployment: true },
  then(into('FAILED'), RUNNING, { type: 'COMPLETED' }),
  // Pauses
  then(into('RUNNING'), { type: 'PAUSED' }, RUNNING),
  then(into('RUNNING'), { type: 'PAUSED' }, RUNNING, { type: 'COMPLETED' }),
  then(into('RUNNING'), { type: 'PAUSED', details: { pause_key: 'a' } }),
  then(into('RUNNING'), { type: 'PAUSED', details: { pause_key: 'a' } }, RUNNING, {
    type: 'PAUSED',
    details: { pause_key: 'a' },
  }),
  then(into('RUNNING'), { type: 'PAUSED', details: { pause_key: 'a' } }, RUNNING, {
    type: 'PAUSED',
    details: { pause_key: 'b' },
  }),
  {
    ...then(into('RUNNING'), { type: 'PAUSED', details: { pause_key: 'a' } }, RUNNING, { type: 'FAILED' }),
    policy: { retries: 3 },
  },
  then(into('RUNNING'), { type: 'PAUSED', details: { pause_key: 'a' } }, { type: 'FAILED' }, RUNNING),
  then(into('RUNNING'), { type: 'PAUSED', details: { pause_reschedule: true } }),
  { ...then(into('RUNNING'), { type: 'PAUSED', details: { pause_reschedule: true } }), deployment: true },
  {
    ...then(into('RUNNING'), { type: 'PAUSED', name: 'Suspended', details: { pause_reschedule: true } }),
    subflow: true,
    deployment: true,
  },
  { ...then(into('RUNNING'), { type: 'PAUSED' }), subflow: true },
  ...STATE_TYPES.map((type) => then(suspended(), { type })),
  then(suspended(), { type: 'SCHEDULED', name: 'Resuming' }),
  then(suspended(), { type: 'SCHEDULED', name: 'Resuming' }, { type: 'PENDING' }, RUNNING),
  then(suspended(), { type: 'SCHEDULED', name: 'Resuming' }, { type: 'PENDING' }, RUNNING, { type: 'COMPLETED' }),
  then(suspended(), { type: 'SCHEDULED', name: 'Resuming' }, { type: 'CANCELLING' }),
  ...STATE_TYPES.map((type) => then(suspended({ timeoutIn: -LATER }), { type })),
  ...STATE_TYPES.map((type) => then(into('PAUSED', { timeoutIn: -LATER }), { type })),
  then(into('PAUSED', { timeoutIn: LATER }), RUNNING),
  then(into('PAUSED', { details: { pause_reschedule: true } }), RUNNING),
  // Cancelling
  { ...then(into('SCHEDULED'), { type: 'CANCELLING' }), pid: true },
  { ...then(into('SCHEDULED', { name: 'Resuming' }), { type: 'CANCELLING' }), pid: true },
  { ...then(into('SCHEDULED', { name: 'AwaitingRetry' }), { type: 'CANCELLING' }), pid: true },
  then(into('SCHEDULED', { name: 'AwaitingRetry' }), { type: 'CANCELLING' }),
  then(into('SCHEDULED'), forced('CANCELLING')),
  then(suspended(), forced('CANCELLING')),
  then(into('RUNNING'), { type: 'CANCELLING' }, { type: 'CANCELLED' }),
  then(into('RUNNING'), { type: 'CANCELLING' }, { type: 'COMPLETED' }),
  // The same transition again
  then(
    into('PENDING'),
    { type: 'RUNNING', details: { transition_id: 'f3b3c6a4-54d7-4a49-8b1f-0c7e5a3b1a11' } },
    {
      type: 'RUNNING',
      details: { transition_id: 'f3b3c6a4-54d7-4a49-8b1f-0c7e5a3b1a11' },
    },
  ),
  // Subflows
  ...(['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const).map((type) => ({
    ...then(into('RUNNING'), { type }),
    subflow: true as const,
  })),
  { ...then(into('RUNNING'), { type: 'FAILED' }, RUNNING), subflow: true, policy: { retries: 1 } },
]

export const flowRunCases: readonly FlowRunCase[] = [
  ...pairs.map(({ from, to }) => then(into(from), { type: to })),
  ...pairs.map(({ from, to }) => ({ ...then(into(from), { type: to }), deployment: true as const })),
  ...pairs.map(({ from, to }) => then(into(from), forced(to))),
  ...special,
]

const inFlow = (one: Case, flow: Step = RUNNING): TaskRunCase => ({ ...one, flow })

export const taskRunCases: readonly TaskRunCase[] = [
  ...pairs.map(({ from, to }) => inFlow(then(into(from), { type: to }))),
  ...pairs.map(({ from, to }) => then(into(from), { type: to })),
  ...pairs.map(({ from, to }) => then(into(from), forced(to))),
  ...STATE_TYPES.map((type) => inFlow(then(into('PENDING'), RUNNING), { type })),
  ...[0, 1].map((retries) => inFlow({ ...then(into('RUNNING'), { type: 'FAILED' }), policy: { retries } })),
  inFlow({ ...then(into('RUNNING'), { type: 'FAILED' }, RUNNING), policy: { retries: 1 } }),
  inFlow({ ...then(into('RUNNING'), { type: 'FAILED' }, RUNNING), policy: { retries: 1, retry_delay: LATER } }),
  inFlow({ ...then(into('RUNNING'), { type: 'FAILED' }, RUNNING, { type: 'FAILED' }), policy: { retries: 1 } }),
  inFlow({ ...then(into('RUNNING'), { type: 'FAILED', details: { retriable: false } }), policy: { retries: 1 } }),
  inFlow({ ...then(into('RUNNING'), { type: 'CRASHED' }), policy: { retries: 1 } }),
  inFlow(then(into('SCHEDULED', { scheduledIn: LATER }), RUNNING)),
  inFlow(then(into('SCHEDULED', { scheduledIn: LATER }), { type: 'PENDING' }, RUNNING)),
  inFlow(then(into('COMPLETED', { data: STORED }), RUNNING)),
  inFlow(then(into('COMPLETED', { data: NOT_STORED }), RUNNING)),
  inFlow(then(into('FAILED'), RUNNING, { type: 'COMPLETED' })),
  ...STATE_TYPES.map((from) => then(into(from), { type: 'PENDING', details: { deferred: true } })),
  then(into('SCHEDULED'), { type: 'PENDING', details: { deferred: true } }, { type: 'RUNNING', details: { deferred: true } }),
]
