/** Flows. */
import { AppError, flowToWire } from '@pilotflame/core'
import { type Handlers, param } from '../exchange.ts'
import { value } from '../replies.ts'

const flowNotFound = (flow: string): AppError =>
  new AppError('flow_not_found', `There is no flow ${flow}. A flow is made by serving it, or by POST /api/flows/.`)

export const flowRoutes: Handlers<'POST /flows/' | 'GET /flows/{id}' | 'GET /flows/name/{name}'> = {
  async 'POST /flows/'({ context, body }) {
    const input = { name: body.name, tags: body.tags ?? [], labels: body.labels ?? {} }
    const { flow, created } = await context.app.engine.upsertFlow(input)
    return value(flowToWire(flow), created ? 201 : 200)
  },

  async 'GET /flows/{id}'(exchange) {
    const id = param(exchange, 'id')
    const flow = await exchange.context.app.store.find.findFlow(id)
    if (!flow) throw flowNotFound(id)
    return value(flowToWire(flow))
  },

  async 'GET /flows/name/{name}'(exchange) {
    const name = param(exchange, 'name')
    const flow = await exchange.context.app.store.find.findFlowByName(name)
    if (!flow) throw flowNotFound(JSON.stringify(name))
    return value(flowToWire(flow))
  },
}
