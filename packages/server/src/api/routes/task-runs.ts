/** Task runs and log lines. */
import { AppError, taskRunToWire } from '@pilotflame/core'
import { type Handlers, param } from '../exchange.ts'
import { pageOf } from '../filters.ts'
import { text, value } from '../replies.ts'

export const taskRunRoutes: Handlers<'GET /task_runs/{id}' | 'POST /task_runs/filter' | 'POST /logs/filter'> = {
  async 'GET /task_runs/{id}'(exchange) {
    const id = param(exchange, 'id')
    const run = await exchange.context.app.store.find.findTaskRun(id)
    if (!run) throw new AppError('task_run_not_found', `There is no task run ${id}. It may have been deleted with its run.`)
    return value(taskRunToWire(run))
  },

  async 'POST /task_runs/filter'({ context, body }) {
    const { id, flow_run_id } = body.task_runs ?? {}
    const flowRunIds = flow_run_id?.any_ ?? body.flow_runs?.id?.any_
    const filter = { ...(id?.any_ ? { ids: id.any_ } : {}), ...(flowRunIds ? { flowRunIds } : {}) }
    return text(await context.app.store.read.taskRuns(filter, pageOf(body)))
  },

  async 'POST /logs/filter'({ context, body }) {
    const { level, flow_run_id, task_run_id } = body.logs ?? {}
    const filter = {
      ...(flow_run_id?.any_ ? { flowRunIds: flow_run_id.any_ } : {}),
      ...(task_run_id?.any_ ? { taskRunIds: task_run_id.any_ } : {}),
      ...(typeof level?.ge_ === 'number' ? { levelMin: level.ge_ } : {}),
      ...(typeof level?.le_ === 'number' ? { levelMax: level.le_ } : {}),
    }
    return text(await context.app.store.read.logs(filter, body.sort ?? 'TIMESTAMP_ASC', pageOf(body)))
  },
}
