/** Deployments: made, changed, paused, started; and their runs for Prefect's runners. */
import { type Deployment, deploymentToWire, flowRunToWire, type JsonObject } from '@pilotflame/core'
import type { App } from '../../app.ts'
import { type Handlers, param } from '../exchange.ts'
import { EMPTY, value } from '../replies.ts'
import { deploymentNotFound, loadDeployment } from './load-deployment.ts'
import { newRunOf } from './new-run.ts'
import { holdForRuns } from './scheduled-runs.ts'
import { newSchedules, updatedSchedules } from './schedules.ts'

/** Deployments whose runs somebody would start now: executors of ours, and runners that ask for them. */
export const readyIds = ({ executors, polls }: App): string[] => [
  ...new Set([...executors.list().flatMap(({ deployments }) => deployments), ...polls.polled()]),
]

const wireOf = (app: App, deployment: Deployment) =>
  deploymentToWire(deployment, {
    ready: readyIds(app).includes(deployment.id),
    lastPolled: app.polls.lastPolled(deployment.id),
  })

async function pause(app: App, id: string, paused: boolean) {
  await app.engine.pauseDeployment(id, paused)
  return EMPTY
}

export const deploymentRoutes: Handlers<
  | 'POST /deployments/'
  | 'GET /deployments/{id}'
  | 'GET /deployments/name/{flow_name}/{deployment_name}'
  | 'PATCH /deployments/{id}'
  | 'DELETE /deployments/{id}'
  | 'POST /deployments/{id}/create_flow_run'
  | 'POST /deployments/{id}/pause_deployment'
  | 'POST /deployments/{id}/resume_deployment'
  | 'POST /deployments/get_scheduled_flow_runs'
> = {
  async 'POST /deployments/'({ context, body }) {
    const { name, flow_id, schedules = [], ...fields } = body
    const { app } = context
    const given = { ...fields, schedules: newSchedules(app, schedules) } as unknown as JsonObject
    const { deployment, created } = await app.engine.upsertDeployment({ name, flowId: flow_id, fields: given })
    return value(wireOf(app, deployment), created ? 201 : 200)
  },

  async 'GET /deployments/{id}'(exchange) {
    const { app } = exchange.context
    return value(wireOf(app, await loadDeployment(app, param(exchange, 'id'))))
  },

  async 'GET /deployments/name/{flow_name}/{deployment_name}'(exchange) {
    const { app } = exchange.context
    const [flowName, name] = [param(exchange, 'flow_name'), param(exchange, 'deployment_name')]
    const deployment = await app.store.find.findDeploymentByName(flowName, name)
    if (!deployment) throw deploymentNotFound(`${flowName}/${name}`)
    return value(wireOf(app, deployment))
  },

  async 'PATCH /deployments/{id}'(exchange) {
    const { app } = exchange.context
    const id = param(exchange, 'id')
    const { schedules, enforce_parameter_schema, parameters, ...fields } = exchange.body
    const known = await loadDeployment(app, id)
    await app.engine.updateDeployment(id, {
      ...fields,
      ...(typeof enforce_parameter_schema === 'boolean' ? { enforce_parameter_schema } : {}),
      ...(parameters ? { parameters } : {}),
      ...(schedules ? { schedules: updatedSchedules(app, known, schedules) } : {}),
    } as unknown as JsonObject)
    return EMPTY
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
  'POST /deployments/get_scheduled_flow_runs': holdForRuns,
}
