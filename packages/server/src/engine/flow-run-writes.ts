/** Runs that Prefect's clients start themselves, and what they change of a run beside its state. */
import {
  AppError,
  applyState,
  compileParameterSchema,
  enterState,
  type FlowRun,
  type JsonObject,
  type Micros,
  retriesOf,
  runName,
  type StateProposal,
} from '@pilotflame/core'
import type { SetStateResult } from '../app.ts'
import type { FlowRunChanges, FlowRunInput } from '../client-writes.ts'
import { changeState } from './change-state.ts'
import type { EngineCore } from './engine-core.ts'
import { placeNew } from './start-run.ts'
import type { Work } from './work.ts'

export async function createFlowRun(
  core: EngineCore,
  work: Work,
  input: FlowRunInput,
): Promise<{ run: FlowRun; created: boolean }> {
  const flow = await work.tx.findFlow(input.flowId)
  if (!flow) throw new AppError('flow_not_found', `There is no flow ${input.flowId}. Create it with "POST /api/flows/" first.`)
  await checkDeployment(work, input)
  if (input.idempotencyKey !== null) {
    const known = await work.tx.findRunByIdempotencyKey(input.flowId, input.idempotencyKey)
    if (known) return { run: known, created: false }
  }
  const run = newFlowRun(core, input)
  return { run: placeNew(core, work, run, run.state), created: true }
}

/** A run's flow is its deployment's: lists of a deployment's runs are found by it. */
async function checkDeployment({ tx }: Work, { deploymentId, flowId }: FlowRunInput): Promise<void> {
  if (deploymentId === null) return
  const deployment = await tx.findDeployment(deploymentId)
  if (!deployment) {
    throw new AppError('deployment_not_found', `There is no deployment ${deploymentId}. List them with "pilot deployment ls".`)
  }
  if (deployment.flowId === flowId) return
  throw new AppError(
    'invalid_request',
    `The deployment ${deploymentId} is of the flow ${deployment.flowName}, not of ${flowId}. Leave one of the two out.`,
  )
}

function newFlowRun({ clock, random }: EngineCore, input: FlowRunInput): FlowRun {
  const now = clock.now()
  const state = enterState(input.state ?? { id: random.uuid(), type: 'PENDING' }, now, null)
  const blank: FlowRun = {
    id: random.uuid(),
    name: input.name ?? runName(random.bytes(4)),
    flowId: input.flowId,
    deploymentId: input.deploymentId,
    versionId: null,
    parameters: input.parameters,
    tags: [...new Set(input.tags)],
    labels: systemLabels(input),
    idempotencyKey: input.idempotencyKey,
    createdBy: null,
    parentTaskRunId: input.parentTaskRunId,
    kept: input.kept,
    state,
    runCount: 0,
    epoch: 0,
    sessionId: null,
    ...retriesOf(input.kept.empirical_policy ?? {}),
    expectedStartAt: null,
    nextScheduledAt: null,
    startAt: null,
    endAt: null,
    totalRunMicros: 0,
    causeEventId: null,
    chainDepth: 0,
    marks: {},
    createdAt: now,
    updatedAt: now,
  }
  return applyState(blank, state, { forced: true })
}

/** Prefect's clients pass these on to their traces. */
const systemLabels = ({ flowId, deploymentId, labels }: FlowRunInput): FlowRun['labels'] => ({
  'prefect.flow.id': flowId,
  ...(deploymentId === null ? {} : { 'prefect.deployment.id': deploymentId }),
  ...labels,
})

export function updateFlowRun(core: EngineCore, work: Work, run: FlowRun, { kept, ...changes }: FlowRunChanges): void {
  if (kept.job_variables && (run.state.type !== 'SCHEDULED' || run.deploymentId === null)) {
    const what = `The job variables of run ${run.name} cannot change any more`
    throw new AppError('wrong_state', `${what}: it is ${run.state.name}. They are for scheduled runs of a deployment.`)
  }
  const policy = kept.empirical_policy
  work.putRun({
    ...run,
    ...changes,
    ...(policy ? retriesOf(policy) : {}),
    kept: Object.keys(kept).length === 0 ? run.kept : { ...run.kept, ...kept },
    updatedAt: core.clock.now(),
  })
}

export interface Resumed {
  readonly stateId: string
  /** What the run had asked for. */
  readonly input: JsonObject
}

/** A suspended run is scheduled again; one that waits in its process goes on in it. */
export async function resumeRun(
  core: EngineCore,
  work: Work,
  run: FlowRun,
  { stateId, input }: Resumed,
): Promise<SetStateResult> {
  if (run.state.type !== 'PAUSED') {
    return { status: 'ABORT', run, reason: `Only a paused run can be resumed: this one is ${run.state.name}.` }
  }
  const answer = await answerOf(work, run, input)
  if ('fault' in answer) return { status: 'REJECT', run, reason: answer.fault }
  const now = core.clock.now()
  const result = await changeState(core, work, run, afterPause(run, stateId, now), { force: false, byExecutor: false })
  if (answer.key !== null && result.status === 'ACCEPT') {
    const stored = { flowRunId: run.id, key: answer.key, value: JSON.stringify(input), sender: null, createdAt: now }
    await work.tx.insertRunInput(stored)
  }
  return result
}

const afterPause = ({ state }: FlowRun, id: string, now: Micros): StateProposal =>
  state.details.pause_reschedule === true
    ? { id, type: 'SCHEDULED', name: 'Resuming', scheduledAt: now }
    : { id, type: 'RUNNING' }

/** Where the answer is kept that the run waits for, or what is wrong with it; no key where it waits for none. */
async function answerOf(work: Work, run: FlowRun, input: JsonObject): Promise<{ key: string | null } | { fault: string }> {
  const keys = run.state.details.run_input_keyset as { readonly schema?: string; readonly response?: string } | null | undefined
  if (!keys?.schema || !keys.response) return { key: null }
  const schema = await work.tx.findRunInput(run.id, keys.schema)
  if (!schema) return { fault: 'The schema of the input that this run waits for is gone.' }
  try {
    const [fault] = compileParameterSchema(JSON.parse(schema.value) as JsonObject)(input)
    return fault
      ? { fault: `The input does not fit what the run waits for: ${fault.loc.join('.')}: ${fault.msg}` }
      : { key: keys.response }
  } catch {
    return { fault: 'The schema of the input that this run waits for is no JSON schema.' }
  }
}
