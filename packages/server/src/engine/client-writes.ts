/** What Prefect's clients write, each request one unit of work. */
import { AppError } from '@pilotflame/core'
import type { ClientWrites } from '../client-writes.ts'
import type { EngineCore } from './engine-core.ts'
import { createFlowRun, resumeRun, updateFlowRun } from './flow-run-writes.ts'
import { createTaskRun, loadTaskRun, setTaskState } from './task-run-writes.ts'
import { unitOfWork, type Work } from './work.ts'

export const runNotFound = (id: string): AppError =>
  new AppError('run_not_found', `There is no run ${id}. It may have been deleted; list runs with "pilot run ls".`)

async function loadRun(work: Work, id: string) {
  const run = await work.findRun(id)
  if (!run) throw runNotFound(id)
  return run
}

export function createClientWrites(core: EngineCore): ClientWrites {
  const work = <T>(body: (work: Work) => Promise<T>): Promise<T> => unitOfWork(core, body)
  return {
    createFlowRun: (input) => unitOfWork(core, (current) => createFlowRun(core, current, input), { journal: 'once' }),
    updateFlowRun: (id, changes) => work(async (current) => updateFlowRun(core, current, await loadRun(current, id), changes)),
    addLabels: (id, labels) =>
      work(async (current) => {
        const run = await loadRun(current, id)
        current.putRun({ ...run, labels: { ...run.labels, ...labels }, updatedAt: core.clock.now() })
      }),
    resume: (id, stateId, input) =>
      work(async (current) => resumeRun(core, current, await loadRun(current, id), { stateId, input: input ?? {} })),

    addInput: (runId, input) =>
      work(async (current) => {
        await loadRun(current, runId)
        const added = await current.tx.insertRunInput({ ...input, flowRunId: runId, createdAt: core.clock.now() })
        if (!added)
          throw new AppError('input_exists', `The run has an input with the key ${input.key} already; the first one stays.`)
      }),
    deleteInput: (runId, key) =>
      work(async ({ tx }) => {
        if (!(await tx.findRunInput(runId, key))) throw inputNotFound(runId, key)
        tx.deleteRunInput(runId, key)
      }),

    createTaskRun: (input) => work((current) => createTaskRun(core, current, input)),
    renameTaskRun: (id, name) =>
      work(async (current) => {
        const taskRun = await loadTaskRun(current, id)
        current.tx.saveTaskRun({ ...taskRun, name, updatedAt: core.clock.now() }, taskRun.state)
      }),
    deleteTaskRun: (id) =>
      work(async (current) => {
        await loadTaskRun(current, id)
        current.tx.deleteTaskRun(id)
      }),
    setTaskState: (id, proposal, options) =>
      work(async (current) => setTaskState(core, current, await loadTaskRun(current, id), proposal, options)),
  }
}

const inputNotFound = (runId: string, key: string): AppError =>
  new AppError('not_found', `Run ${runId} has no input with the key ${key}.`)
