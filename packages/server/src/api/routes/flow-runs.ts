/** Flow runs, their states and their timeline. */
import {
  AppError,
  type FlowRun,
  flowRunToWire,
  type OrchestrationWire,
  runWhyToWire,
  stateToWire,
  timelineToWire,
} from '@pilotflame/core'
import type { App, SetStateResult } from '../../app.ts'
import { type Handlers, param } from '../exchange.ts'
import { EMPTY, type Reply, text, value } from '../replies.ts'
import { proposalOf } from './new-run.ts'
import { holdForResult } from './result.ts'
import { streamRun } from './stream.ts'

export const runNotFound = (id: string): AppError =>
  new AppError('run_not_found', `There is no run ${id}. It may have been deleted; list runs with "pilot run ls".`)

export async function loadRun({ store }: App, id: string): Promise<FlowRun> {
  const run = await store.find.findRun(id)
  if (!run) throw runNotFound(id)
  return run
}

export type AnyResult =
  | { readonly status: 'ACCEPT' }
  | { readonly status: 'REJECT'; readonly reason: string }
  | { readonly status: 'ABORT'; readonly reason: string }
  | { readonly status: 'WAIT'; readonly delayMs: number; readonly reason: string }

export function detailsOf(result: AnyResult): OrchestrationWire['details'] {
  if (result.status === 'ACCEPT') return { type: 'accept_details' }
  if (result.status === 'REJECT') return { type: 'reject_details', reason: result.reason }
  if (result.status === 'ABORT') return { type: 'abort_details', reason: result.reason }
  return { type: 'wait_details', delay_seconds: Math.max(1, Math.round(result.delayMs / 1000)), reason: result.reason }
}

/** Prefect's OrchestrationResult: the state that the run has now, and what became of the proposal. 201 where a state was written. */
export function orchestrationReply(result: SetStateResult, written: boolean): Reply {
  const { run, status } = result
  const answer: OrchestrationWire = { state: stateToWire(run.state, ownerOf(run)), status, details: detailsOf(result) }
  return value(answer, written ? 201 : 200)
}

const ownerOf = ({ id, parentTaskRunId }: FlowRun) =>
  parentTaskRunId === null ? { flowRunId: id } : { flowRunId: id, taskRunId: parentTaskRunId }

export const flowRunRoutes: Handlers<
  | 'GET /flow_runs/{id}'
  | 'POST /flow_runs/{id}/set_state'
  | 'DELETE /flow_runs/{id}'
  | 'GET /flow_runs/{id}/timeline'
  | 'GET /flow_runs/{id}/why'
  | 'GET /flow_runs/{id}/stream'
  | 'GET /flow_runs/{id}/result'
  | 'GET /flow_run_states/'
  | 'GET /flow_run_states/{id}'
> = {
  async 'GET /flow_runs/{id}'(exchange) {
    return value(flowRunToWire(await loadRun(exchange.context.app, param(exchange, 'id')), exchange.context.app.clock.now()))
  },

  async 'POST /flow_runs/{id}/set_state'(exchange) {
    const { app } = exchange.context
    const { state, force = false } = exchange.body
    const proposal = proposalOf(app, state)
    const result = await app.engine.setState(param(exchange, 'id'), proposal, { force })
    return orchestrationReply(result, result.status === 'ACCEPT' || result.run.state.id === proposal.id)
  },

  async 'DELETE /flow_runs/{id}'(exchange) {
    await exchange.context.app.engine.deleteRun(param(exchange, 'id'))
    return EMPTY
  },

  async 'GET /flow_runs/{id}/timeline'(exchange) {
    return value(timelineToWire(await loadRun(exchange.context.app, param(exchange, 'id'))))
  },

  async 'GET /flow_runs/{id}/why'(exchange) {
    const { run, why } = await exchange.context.app.engine.why(param(exchange, 'id'))
    return value(runWhyToWire(run, why))
  },

  'GET /flow_runs/{id}/stream': streamRun,
  'GET /flow_runs/{id}/result': holdForResult,

  async 'GET /flow_run_states/'({ context, query }) {
    return text(await context.app.store.read.flowRunStates(query.flow_run_id))
  },

  async 'GET /flow_run_states/{id}'(exchange) {
    const id = param(exchange, 'id')
    const state = await exchange.context.app.store.find.findState(id)
    if (!state) throw new AppError('not_found', `There is no state ${id}. GET /api/flow_run_states/ lists those of a run.`)
    return value(stateToWire(state))
  },
}
