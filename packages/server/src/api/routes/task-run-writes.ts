/** Task runs that clients write through the API, and the states of task runs. */
import { AppError, stateToWire, type TaskRunKept, taskRunToWire } from '@pilotflame/core'
import type { BodyOf } from '@pilotflame/core/contract'
import type { App } from '../../app.ts'
import type { TaskRunInput } from '../../client-writes.ts'
import { type Handlers, param } from '../exchange.ts'
import { EMPTY, text, value } from '../replies.ts'
import { detailsOf } from './flow-runs.ts'
import { proposalOf } from './new-run.ts'

const KEPT = ['cache_key', 'cache_expiration', 'task_version', 'empirical_policy', 'labels', 'task_inputs'] as const

const inputOf = (app: App, body: BodyOf<'POST /task_runs/'>): TaskRunInput => ({
  ...(body.id ? { id: body.id.toLowerCase() } : {}),
  flowRunId: body.flow_run_id?.toLowerCase() ?? null,
  taskKey: body.task_key,
  dynamicKey: body.dynamic_key,
  ...(body.name ? { name: body.name } : {}),
  tags: body.tags ?? [],
  kept: Object.fromEntries(KEPT.filter((name) => body[name] !== undefined).map((name) => [name, body[name]])) as TaskRunKept,
  ...(body.state ? { state: proposalOf(app, body.state) } : {}),
})

export const taskRunWriteRoutes: Handlers<
  | 'POST /task_runs/'
  | 'PATCH /task_runs/{id}'
  | 'DELETE /task_runs/{id}'
  | 'POST /task_runs/{id}/set_state'
  | 'GET /task_run_states/'
  | 'GET /task_run_states/{id}'
> = {
  async 'POST /task_runs/'({ context, body }) {
    const { taskRun, created } = await context.app.engine.createTaskRun(inputOf(context.app, body))
    return value(taskRunToWire(taskRun), created ? 201 : 200)
  },

  async 'PATCH /task_runs/{id}'(exchange) {
    const { name } = exchange.body
    if (name) await exchange.context.app.engine.renameTaskRun(param(exchange, 'id'), name)
    return EMPTY
  },

  async 'DELETE /task_runs/{id}'(exchange) {
    await exchange.context.app.engine.deleteTaskRun(param(exchange, 'id'))
    return EMPTY
  },

  async 'POST /task_runs/{id}/set_state'(exchange) {
    const { app } = exchange.context
    const { state, force = false } = exchange.body
    const proposal = proposalOf(app, state)
    const result = await app.engine.setTaskState(param(exchange, 'id'), proposal, { force })
    const { run } = result
    const owner = { taskRunId: run.id, ...(run.flowRunId === null ? {} : { flowRunId: run.flowRunId }) }
    const answer = { state: stateToWire(run.state, owner), status: result.status, details: detailsOf(result) }
    return value(answer, run.state.id === proposal.id ? 201 : 200)
  },

  async 'GET /task_run_states/'({ context, query }) {
    return text(await context.app.store.read.taskRunStates(query.task_run_id))
  },

  async 'GET /task_run_states/{id}'(exchange) {
    const id = param(exchange, 'id')
    const found = await exchange.context.app.store.find.findTaskState(id)
    if (!found) throw new AppError('not_found', `There is no state ${id}. GET /api/task_run_states/ lists those of a task run.`)
    return value(stateToWire(found.state, { taskRunId: found.taskRunId }))
  },
}
