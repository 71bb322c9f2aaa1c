/** Makes a run of a deployment, and leases it in the same body where an executor is free. */
import {
  AppError,
  type CreatedBy,
  type Deployment,
  enterState,
  type Fault,
  type FlowRun,
  mergeParameters,
  type Parameters,
  type RunKept,
  retriesOf,
  runName,
  type State,
  type StateProposal,
} from '@pilotflame/core'
import { tryLease, waitAfterwards } from './dispatch-run.ts'
import type { EngineCore } from './engine-core.ts'
import type { Work } from './work.ts'

export interface RunRequest {
  readonly deployment: Deployment
  readonly parameters: Parameters
  readonly name?: string
  readonly tags?: readonly string[]
  readonly labels?: FlowRun['labels']
  readonly idempotencyKey?: string
  readonly createdBy?: CreatedBy
  readonly state?: StateProposal
  readonly enforce?: boolean
  readonly parentTaskRunId?: string
  readonly kept?: RunKept
  readonly cause: { readonly eventId: string | null; readonly chainDepth: number }
  /** Monotonic moments. */
  readonly receivedMark: number
  readonly matchedMark: number
}

/** The parameters as the run gets them, and what is wrong with them. */
export function prepareParameters(core: EngineCore, request: Pick<RunRequest, 'deployment' | 'parameters' | 'enforce'>) {
  const { deployment, parameters, enforce } = request
  const merged = mergeParameters(deployment.parameters, parameters)
  return { parameters: merged, faults: core.schemas.faults(deployment, merged, enforce) }
}

export function parameterError(deployment: Deployment, faults: readonly Fault[]): AppError {
  const [first] = faults
  const place = first ? `${first.loc.join('.')}: ${first.msg}` : ''
  const name = `${deployment.flowName}/${deployment.name}`
  return new AppError('invalid_parameters', `The parameters do not fit the deployment ${name}: ${place}`, { faults })
}

/** Makes the run. Its parameters have been checked. */
export function startRun(core: EngineCore, work: Work, request: RunRequest): FlowRun {
  const { state: proposal } = request
  const now = core.clock.now()
  const state = enterState(proposal ?? { id: core.random.uuid(), type: 'SCHEDULED' }, now, null)
  return placeNew(core, work, newRun(core, request, state), state)
}

/** Writes a new run that has entered `state`, with a lease where it has a deployment and a place is free. */
export function placeNew(core: EngineCore, work: Work, run: FlowRun, state: State): FlowRun {
  const states: State[] = [state]
  const leased = tryLease(core, work, run)
  if (leased) states.push(leased.state)
  const made = leased?.run ?? run
  work.addRun(made, states)
  if (!leased && state.type === 'SCHEDULED') waitAfterwards(core, work, made)
  return made
}

/** Those of whoever asked for the run, else the deployment's. */
function retriesFor({ deployment, kept }: RunRequest): Pick<FlowRun, 'retries' | 'retryDelayMs'> {
  const asked = retriesOf(kept?.empirical_policy ?? {})
  const { retries, retryDelayMs } = asked.retries > 0 ? asked : deployment
  return { retries, retryDelayMs }
}

function newRun({ clock, random }: EngineCore, request: RunRequest, state: State): FlowRun {
  const { deployment, cause } = request
  return {
    id: random.uuid(),
    name: request.name ?? runName(random.bytes(4)),
    flowId: deployment.flowId,
    deploymentId: deployment.id,
    versionId: deployment.versionId,
    parameters: request.parameters,
    tags: [...new Set([...deployment.tags, ...(request.tags ?? [])])],
    labels: { ...deployment.labels, ...request.labels },
    idempotencyKey: request.idempotencyKey ?? null,
    createdBy: request.createdBy ?? null,
    parentTaskRunId: request.parentTaskRunId ?? null,
    kept: request.kept ?? null,
    state,
    runCount: 0,
    epoch: 0,
    sessionId: null,
    ...retriesFor(request),
    expectedStartAt: state.scheduledAt ?? state.at,
    nextScheduledAt: state.scheduledAt,
    startAt: null,
    endAt: null,
    totalRunMicros: 0,
    causeEventId: cause.eventId,
    chainDepth: cause.chainDepth,
    marks: { 1: { boot: clock.boot, at: { received: request.receivedMark, matched: request.matchedMark } } },
    createdAt: state.at,
    updatedAt: state.at,
  }
}
