/** `POST /deployments/get_scheduled_flow_runs`: held open until a run is there, so that a runner need not ask again and again. */
import { flowRunToWire, parseIso } from '@pilotflame/core'
import { PAGE_MAX } from '@pilotflame/core/contract'
import type { Exchange } from '../exchange.ts'
import { holdOpen } from '../hold-open.ts'
import { type Reply, value } from '../replies.ts'

export async function holdForRuns(exchange: Exchange<'POST /deployments/get_scheduled_flow_runs'>): Promise<Reply> {
  const { context, body } = exchange
  const { app } = context
  const { deployment_ids: deploymentIds, scheduled_before, limit = PAGE_MAX } = body
  const before = parseIso(scheduled_before ?? '')
  const aheadMs = before === undefined ? 0 : Math.max(0, (before - app.clock.now()) / 1_000)
  if (limit === 0 || deploymentIds.length === 0) return value([])
  return holdOpen(exchange, async (signal) => {
    // A runner that is told of an error three times gives up: a server that stops has no runs for it.
    const runs = await app.polls.hold({ deploymentIds, aheadMs, limit, signal }).catch((error: unknown) => {
      if (context.closing.aborted) return []
      throw error
    })
    return runs.map(flowRunToWire)
  })
}
