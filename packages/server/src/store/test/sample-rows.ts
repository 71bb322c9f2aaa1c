/** Values for the store's own tests and measurements: whole, and different by their number. */
import {
  type Automation,
  applyState,
  type Deployment,
  type Event,
  enterState,
  type Flow,
  type FlowRun,
  type Log,
  type State,
  type TaskRun,
} from '@pilotflame/core'
import type { Hook, SessionRow } from '../store.ts'

/** A UUID whose last digits are the number. */
export const uuid = (kind: number, n: number): string =>
  `0197${kind.toString(16).padStart(4, '0')}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`

export const START = 1_700_000_000_000_000

export const FLOW: Flow = {
  id: uuid(1, 1),
  name: 'answer',
  tags: ['chat'],
  labels: { team: 'docs' },
  createdAt: START,
  updatedAt: START,
}

export const DEPLOYMENT: Deployment = {
  id: uuid(2, 1),
  flowId: FLOW.id,
  flowName: FLOW.name,
  name: 'chatbot',
  versionId: uuid(3, 1),
  version: 'd1g35t',
  description: null,
  entrypoint: 'chatbot.ts:answer',
  paused: false,
  tags: [],
  labels: {},
  parameters: { question: 'why?' },
  parameterSchema: { type: 'object' },
  enforceParameterSchema: true,
  retries: 0,
  retryDelayMs: 0,
  kept: { work_queue_name: 'default' },
  createdBy: null,
  createdAt: START,
  updatedAt: START,
}

export const sampleEvent = (n: number): Event => ({
  id: uuid(4, n),
  occurred: START + n,
  received: START + n,
  event: 'chat.message',
  resource: { 'prefect.resource.id': `chat.${n}` },
  related: [],
  payload: { question: `why ${n}?` },
  follows: null,
  chainDepth: 0,
  causeEventId: null,
})

export const scheduledState = (n: number, at = START + n): State =>
  enterState({ id: uuid(5, n), type: 'SCHEDULED', scheduledAt: at }, at, null)

/** The next state of a run: its id is the old one's with a step added. */
export const nextState = (run: FlowRun, type: State['type'], n: number, step: number): State =>
  enterState({ id: uuid(5 + step, n), type }, run.state.at + 10, run.state.id)

export function sampleRun(n: number, changes: Partial<FlowRun> = {}): FlowRun {
  const state = scheduledState(n)
  const run: FlowRun = {
    id: uuid(9, n),
    name: `run-${String(n).padStart(6, '0')}`,
    flowId: FLOW.id,
    deploymentId: DEPLOYMENT.id,
    versionId: DEPLOYMENT.versionId,
    parameters: { question: `why ${n}?` },
    tags: [],
    labels: {},
    idempotencyKey: null,
    createdBy: { id: uuid(10, 1), type: 'AUTOMATION', display_value: 'chat' },
    parentTaskRunId: null,
    kept: null,
    state,
    runCount: 0,
    epoch: 0,
    sessionId: null,
    retries: 0,
    retryDelayMs: 0,
    expectedStartAt: null,
    nextScheduledAt: null,
    startAt: null,
    endAt: null,
    totalRunMicros: 0,
    causeEventId: uuid(4, n),
    chainDepth: 1,
    marks: { 1: { boot: 'boot', at: { received: n, matched: n + 1 } } },
    createdAt: state.at,
    updatedAt: state.at,
    ...changes,
  }
  return applyState(run, state)
}

export const sampleTaskRun = (n: number, flowRunId: string, state: State): TaskRun => ({
  id: uuid(11, n),
  flowRunId,
  taskKey: 'look-up',
  dynamicKey: String(n),
  name: `look-up-${n}`,
  tags: [],
  state,
  runCount: 1,
  expectedStartAt: null,
  startAt: state.at,
  endAt: null,
  kept: null,
  createdAt: state.at,
  updatedAt: state.at,
})

export const AUTOMATION: Automation = {
  id: uuid(10, 1),
  name: 'chat',
  description: '',
  enabled: true,
  tags: ['a'],
  trigger: {
    type: 'event',
    id: uuid(13, 1),
    match: {},
    match_related: [],
    after: [],
    expect: ['chat.message'],
    for_each: [],
    posture: 'Reactive',
    threshold: 1,
    within: 0,
  },
  actions: [{ type: 'do-nothing' }],
  actionsOnTrigger: [],
  actionsOnResolve: [],
  ownerResource: `prefect.deployment.${DEPLOYMENT.id}`,
  createdAt: START,
  updatedAt: START,
}
export const SESSION: SessionRow = { id: uuid(12, 1), name: 'chatbot.ts', host: 'here', pid: 7, boot: 'boot', createdAt: START }
export const HOOK: Hook = {
  id: uuid(14, 1),
  name: 'shop',
  event: 'shop.order',
  secret: new Uint8Array([1, 2, 255]),
  createdAt: START,
}
export const sampleLog = (n: number, flowRunId: string): Log => ({
  id: uuid(15, n),
  flowRunId,
  taskRunId: null,
  name: 'console',
  level: n * 10,
  message: `line ${n}`,
  at: START + n,
})

export const VERSION = {
  id: uuid(3, 1),
  deploymentId: DEPLOYMENT.id,
  version: 'd1g35t',
  entrypoint: null,
  parameterSchema: { type: 'object' },
  createdAt: START,
}
