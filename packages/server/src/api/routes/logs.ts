/** `POST /logs/`: lines of Prefect's clients. 201 leaves after their flush (I5). */
import { parseIso } from '@pilotflame/core'
import type { Handlers } from '../exchange.ts'
import { EMPTY } from '../replies.ts'

export const logRoutes: Handlers<'POST /logs/'> = {
  async 'POST /logs/'({ context, body }) {
    const { logs, clock, random } = context.app
    if (body.length === 0) return EMPTY
    const lines = body.map(({ name, level, message, timestamp, flow_run_id, task_run_id }) => ({
      id: random.uuid(),
      flowRunId: flow_run_id?.toLowerCase() ?? null,
      taskRunId: task_run_id?.toLowerCase() ?? null,
      name,
      level,
      message,
      at: parseIso(timestamp) ?? clock.now(),
    }))
    await logs.accept(lines)
    return EMPTY
  },
}
