/** `GET /flow_runs/{id}/result`: held open until the run's end. */
import { stateToWire } from '@pilotflame/core'
import type { Exchange } from '../exchange.ts'
import { param } from '../exchange.ts'
import { holdOpen } from '../hold-open.ts'
import type { Reply } from '../replies.ts'

export const holdForResult = (exchange: Exchange<'GET /flow_runs/{id}/result'>): Promise<Reply> =>
  holdOpen(exchange, async (signal) => {
    const { run, result } = await exchange.context.app.engine.waitForEnd(param(exchange, 'id'), signal)
    return { state: stateToWire(run.state, { flowRunId: run.id }), result: result ?? null }
  })
