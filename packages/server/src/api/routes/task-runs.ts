/** Task runs, one by one. */
import { AppError, taskRunToWire } from '@pilotflame/core'
import { type Handlers, param } from '../exchange.ts'
import { value } from '../replies.ts'

export const taskRunRoutes: Handlers<'GET /task_runs/{id}'> = {
  async 'GET /task_runs/{id}'(exchange) {
    const id = param(exchange, 'id')
    const run = await exchange.context.app.store.find.findTaskRun(id)
    if (!run) throw new AppError('task_run_not_found', `There is no task run ${id}. It may have been deleted with its run.`)
    return value(taskRunToWire(run, exchange.context.app.clock.now()))
  },
}
