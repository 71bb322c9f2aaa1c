/**
 * The engine as the HTTP routes see it: each request is one unit of work around the pure rules of `core`.
 * Leaves to others: what travels to executors (`dispatch/`), what events start (`automations/`).
 */
import { AppError, type FlowRun, whyRun } from '@pilotflame/core'
import type { Engine, NewRun } from '../app.ts'
import { changeState } from './change-state.ts'
import { createClientWrites, runNotFound } from './client-writes.ts'
import { updateDeployment, upsertDeployment, upsertFlow } from './deployments.ts'
import { stopWaiting, tellToStop } from './dispatch-run.ts'
import type { EngineCore } from './engine-core.ts'
import { parameterError, prepareParameters, startRun } from './start-run.ts'
import { whyRunFacts } from './why-run-facts.ts'
import { unitOfWork, type Work, type WorkOptions } from './work.ts'

export { runNotFound } from './client-writes.ts'

const deploymentNotFound = (id: string): AppError =>
  new AppError('deployment_not_found', `There is no deployment ${id}. List them with "pilot deployment ls".`)

export function createEngine(core: EngineCore): Engine {
  const { store, clock, random } = core
  const work = <T>(body: (work: Work) => Promise<T>, options?: WorkOptions): Promise<T> => unitOfWork(core, body, options)
  const made = () => ({ random, now: clock.now() })

  return {
    ...createClientWrites(core),
    createRun: (deploymentId, run, receivedMark) =>
      work((current) => createRun(core, current, { deploymentId, run, receivedMark }), { receivedMark, journal: 'once' }),

    setState: (runId, proposal, { force }) =>
      work(async (current) => {
        const run = await current.findRun(runId)
        if (!run) throw runNotFound(runId)
        return changeState(core, current, run, proposal, { force, byExecutor: false })
      }),

    deleteRun: (runId) =>
      work(async (current) => {
        const run = await current.findRun(runId)
        if (!run) throw runNotFound(runId)
        current.tx.deleteRun(runId)
        current.forget(runId)
        current.afterwards(() => forgetRun(core, run))
      }),

    waitForEnd: (runId, signal) => waitForEnd(core, runId, signal),
    upsertFlow: (input) => store.transaction((tx) => upsertFlow(tx, made(), input)),
    async upsertDeployment(input) {
      const saved = await store.transaction((tx) => upsertDeployment(tx, made(), input))
      core.registry.setPaused(saved.deployment.id, saved.deployment.paused)
      return saved
    },

    async updateDeployment(id, fields) {
      const saved = await store.transaction((tx) => updateDeployment(tx, made(), id, fields))
      if (!saved) throw deploymentNotFound(id)
      core.registry.setPaused(id, saved.paused)
    },

    deleteDeployment: (id) =>
      store.transaction(async (tx) => {
        if (!(await tx.findDeployment(id))) throw deploymentNotFound(id)
        tx.deleteDeployment(id)
      }),

    async pauseDeployment(id, paused) {
      await store.transaction(async (tx) => {
        const deployment = await tx.findDeployment(id)
        if (!deployment) throw deploymentNotFound(id)
        tx.saveDeployment({ ...deployment, paused, updatedAt: clock.now() })
      })
      core.registry.setPaused(id, paused)
    },

    async why(runId) {
      const facts = await whyRunFacts(core, runId)
      if (!facts) throw runNotFound(runId)
      return { run: facts.run, why: whyRun(facts) }
    },
  }
}

interface RunToCreate {
  readonly deploymentId: string
  readonly run: NewRun
  readonly receivedMark: number
}

async function createRun(core: EngineCore, work: Work, { deploymentId, run, receivedMark }: RunToCreate) {
  const deployment = await work.tx.findDeployment(deploymentId)
  if (!deployment) throw deploymentNotFound(deploymentId)
  if (run.idempotencyKey !== undefined) {
    const known = await work.tx.findRunByIdempotencyKey(deployment.flowId, run.idempotencyKey)
    if (known) return { run: known, created: false }
  }
  const enforce = run.enforceParameterSchema ?? deployment.enforceParameterSchema
  const { parameters, faults } = prepareParameters(core, { deployment, parameters: run.parameters ?? {}, enforce })
  if (faults.length > 0) throw parameterError(deployment, faults)
  const cause = { eventId: null, chainDepth: 0 }
  const request = { ...run, deployment, parameters, cause, receivedMark, matchedMark: core.clock.monotonic() }
  return { run: startRun(core, work, request), created: true }
}

function forgetRun(core: EngineCore, run: FlowRun): void {
  const { registry } = core
  stopWaiting(core, run)
  core.waiters.ended(run) // nobody waits for a run that is gone
  for (const tell of core.onDeleted) tell(run.id)
  if (run.sessionId === null) return
  tellToStop(core, run, 'The run was deleted.')
  registry.leave(run.id, run.sessionId)
}

/** Registers first and looks then, so that an end in between is not missed. */
function waitForEnd({ store, waiters }: EngineCore, runId: string, signal: AbortSignal): ReturnType<Engine['waitForEnd']> {
  return new Promise((resolve, reject) => {
    const answer = async (run: FlowRun): Promise<void> => resolve({ run, result: await store.find.findRunResult(run.id) })
    const ended = (run: FlowRun): void => (run.endAt === null ? reject(runNotFound(runId)) : void answer(run).catch(reject))
    const stop = waiters.add(runId, ended)
    signal.addEventListener('abort', () => {
      stop()
      reject(signal.reason)
    })
    const look = async (): Promise<void> => {
      const run = await store.find.findRun(runId)
      if (run && run.endAt === null) return
      stop()
      await store.transaction(async () => undefined) // Keeps I5: its end may be committed and not flushed yet.
      if (run) await answer(run)
      else reject(runNotFound(runId))
    }
    look().catch(reject)
  })
}
