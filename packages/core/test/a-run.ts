/** A run for tests, with what the test is about put in. */
import type { FlowRun } from '../src/run.ts'
import { enterState, type StateProposal } from '../src/states.ts'

export const NOW = 1_700_000_000_000_000

export function aRun(state: Partial<StateProposal> & Pick<StateProposal, 'type'>, parts: Partial<FlowRun> = {}): FlowRun {
  return {
    id: '018bcfe5-6800-7000-8000-000000000001',
    name: 'brisk-otter-0001',
    flowId: '018bcfe5-6800-7000-8000-0000000000f1',
    deploymentId: '018bcfe5-6800-7000-8000-0000000000d1',
    versionId: null,
    parameters: {},
    tags: [],
    labels: {},
    idempotencyKey: null,
    createdBy: null,
    parentTaskRunId: null,
    kept: null,
    state: enterState({ id: '018bcfe5-6800-7000-8000-000000000051', ...state }, NOW - 1_000_000, null),
    runCount: 0,
    epoch: 0,
    sessionId: null,
    retries: 0,
    retryDelayMs: 0,
    expectedStartAt: NOW - 1_000_000,
    nextScheduledAt: null,
    startAt: null,
    endAt: null,
    totalRunMicros: 0,
    causeEventId: null,
    chainDepth: 0,
    marks: {},
    createdAt: NOW - 1_000_000,
    updatedAt: NOW - 1_000_000,
    ...parts,
  }
}
