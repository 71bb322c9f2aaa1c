/** Flows and deployments. */
import { AppError, type Deployment, deploymentToWire, flowRunToWire, flowToWire, type JsonObject } from '@pilotflame/core'
import type { App } from '../../app.ts'
import { type Handlers, param } from '../exchange.ts'
import { pageOf } from '../filters.ts'
import { EMPTY, text, value } from '../replies.ts'
import { newRunOf } from './new-run.ts'

const flowNotFound = (flow: string): AppError =>
  new AppError('flow_not_found', `There is no flow ${flow}. A flow is made by serving it, or by POST /api/flows/.`)

const deploymentNotFound = (deployment: string): AppError =>
  new AppError('deployment_not_found', `There is no deployment ${deployment}. List them with "pilot deployment ls".`)

/** With whether an executor could start a run of it now. */
const wireOf = (app: App, deployment: Deployment) =>
  deploymentToWire(deployment, { ready: readyIds(app).includes(deployment.id) })

const readyIds = ({ executors }: App): string[] => [...new Set(executors.list().flatMap(({ deployments }) => deployments))]

async function pause(app: App, id: string, paused: boolean) {
  await app.engine.pauseDeployment(id, paused)
  return EMPTY
}

export const flowRoutes: Handlers<'POST /flows/' | 'GET /flows/{id}' | 'GET /flows/name/{name}' | 'POST /flows/filter'> = {
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

  async 'POST /flows/filter'({ context, body }) {
    const { id, name } = body.flows ?? {}
    const filter = {
      ...(id?.any_ ? { ids: id.any_ } : {}),
      ...(name?.any_ ? { names: name.any_ } : {}),
      ...(name?.like_ ? { nameLike: name.like_ } : {}),
    }
    return text(await context.app.store.read.flows(filter, pageOf(body)))
  },
}

export const deploymentRoutes: Handlers<
  | 'POST /deployments/'
  | 'GET /deployments/{id}'
  | 'GET /deployments/name/{flow_name}/{deployment_name}'
  | 'POST /deployments/filter'
  | 'DELETE /deployments/{id}'
  | 'POST /deployments/{id}/create_flow_run'
  | 'POST /deployments/{id}/pause_deployment'
  | 'POST /deployments/{id}/resume_deployment'
> = {
  async 'POST /deployments/'({ context, body }) {
    const { name, flow_id, ...fields } = body
    const input = { name, flowId: flow_id, fields: fields as JsonObject }
    const { deployment, created } = await context.app.engine.upsertDeployment(input)
    return value(wireOf(context.app, deployment), created ? 201 : 200)
  },

  async 'GET /deployments/{id}'(exchange) {
    const { app } = exchange.context
    const id = param(exchange, 'id')
    const deployment = await app.store.find.findDeployment(id)
    if (!deployment) throw deploymentNotFound(id)
    return value(wireOf(app, deployment))
  },

  async 'GET /deployments/name/{flow_name}/{deployment_name}'(exchange) {
    const { app } = exchange.context
    const [flowName, name] = [param(exchange, 'flow_name'), param(exchange, 'deployment_name')]
    const deployment = await app.store.find.findDeploymentByName(flowName, name)
    if (!deployment) throw deploymentNotFound(`${flowName}/${name}`)
    return value(wireOf(app, deployment))
  },

  async 'POST /deployments/filter'({ context, body }) {
    const { id, name } = body.deployments ?? {}
    const flowNames = body.flows?.name?.any_
    const filter = {
      ready: readyIds(context.app),
      ...(id?.any_ ? { ids: id.any_ } : {}),
      ...(name?.any_ ? { names: name.any_ } : {}),
      ...(name?.like_ ? { nameLike: name.like_ } : {}),
      ...(flowNames ? { flowNames } : {}),
    }
    return text(await context.app.store.read.deployments(filter, pageOf(body)))
  },

  async 'DELETE /deployments/{id}'(exchange) {
    await exchange.context.app.engine.deleteDeployment(param(exchange, 'id'))
    return EMPTY
  },

  async 'POST /deployments/{id}/create_flow_run'(exchange) {
    const { app } = exchange.context
    const id = param(exchange, 'id')
    const { run, created } = await app.engine.createRun(id, newRunOf(app, exchange.body), exchange.receivedMark)
    return value(flowRunToWire(run), created ? 201 : 200)
  },

  'POST /deployments/{id}/pause_deployment': (exchange) => pause(exchange.context.app, param(exchange, 'id'), true),
  'POST /deployments/{id}/resume_deployment': (exchange) => pause(exchange.context.app, param(exchange, 'id'), false),
}
