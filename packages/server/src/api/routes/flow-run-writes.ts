/** What Prefect's clients write of flow runs beside their states, and the inputs of runs. */
import {
  AppError,
  type FlowRun,
  flowRunToWire,
  type JsonObject,
  type Labels,
  type RunKept,
  runInputToWire,
} from '@pilotflame/core'
import type { BodyOf } from '@pilotflame/core/contract'
import type { App } from '../../app.ts'
import type { FlowRunChanges, FlowRunInput } from '../../client-writes.ts'
import { type Handlers, param } from '../exchange.ts'
import { EMPTY, TAKEN, value } from '../replies.ts'
import { orchestrationReply, runNotFound } from './flow-runs.ts'
import { proposalOf } from './new-run.ts'

/** The fields that few runs have, as far as they are given. */
const KEPT = [
  'empirical_policy',
  'flow_version',
  'context',
  'job_variables',
  'infrastructure_pid',
  'infrastructure_document_id',
] as const satisfies readonly (keyof RunKept)[]

export const keptOf = (body: Readonly<Record<string, unknown>>): RunKept =>
  Object.fromEntries(KEPT.filter((name) => name in body).map((name) => [name, body[name]])) as RunKept

const inputOf = (app: App, body: BodyOf<'POST /flow_runs/'>): FlowRunInput => ({
  flowId: body.flow_id.toLowerCase(),
  deploymentId: body.deployment_id?.toLowerCase() ?? null,
  ...(body.name ? { name: body.name } : {}),
  parameters: body.parameters ?? {},
  tags: body.tags ?? [],
  labels: body.labels ?? {},
  parentTaskRunId: body.parent_task_run_id?.toLowerCase() ?? null,
  idempotencyKey: body.idempotency_key || null,
  kept: keptOf(body),
  ...(body.state ? { state: proposalOf(app, body.state) } : {}),
})

const changesOf = (body: BodyOf<'PATCH /flow_runs/{id}'>): FlowRunChanges => ({
  ...(body.name ? { name: body.name } : {}),
  ...(body.parameters === undefined ? {} : { parameters: body.parameters }),
  ...(body.tags === undefined ? {} : { tags: [...new Set(body.tags)] }),
  kept: keptOf(body),
})

async function inputsOf({ store }: App, id: string) {
  if (!(await store.find.findRun(id))) throw runNotFound(id)
  return store.find.findRunInputs(id)
}

export const flowRunWriteRoutes: Handlers<
  | 'POST /flow_runs/'
  | 'PATCH /flow_runs/{id}'
  | 'PATCH /flow_runs/{id}/labels'
  | 'POST /flow_runs/{id}/resume'
  | 'POST /flow_runs/{id}/input'
  | 'POST /flow_runs/{id}/input/filter'
  | 'GET /flow_runs/{id}/input/{key}'
  | 'DELETE /flow_runs/{id}/input/{key}'
> = {
  async 'POST /flow_runs/'({ context, body }) {
    const { run, created }: { run: FlowRun; created: boolean } = await context.app.engine.createFlowRun(
      inputOf(context.app, body),
    )
    return value(flowRunToWire(run), created ? 201 : 200)
  },

  async 'PATCH /flow_runs/{id}'(exchange) {
    await exchange.context.app.engine.updateFlowRun(param(exchange, 'id'), changesOf(exchange.body))
    return EMPTY
  },

  async 'PATCH /flow_runs/{id}/labels'(exchange) {
    await exchange.context.app.engine.addLabels(param(exchange, 'id'), exchange.body as Labels)
    return EMPTY
  },

  async 'POST /flow_runs/{id}/resume'(exchange) {
    const { app } = exchange.context
    const { run_input = null } = exchange.body
    const stateId = app.random.uuid()
    const result = await app.engine.resume(param(exchange, 'id'), stateId, run_input as JsonObject | null)
    return orchestrationReply(result, result.run.state.id === stateId)
  },

  async 'POST /flow_runs/{id}/input'(exchange) {
    const { key, value: text, sender = null } = exchange.body
    await exchange.context.app.engine.addInput(param(exchange, 'id'), { key, value: text, sender })
    return EMPTY
  },

  async 'POST /flow_runs/{id}/input/filter'(exchange) {
    const { prefix, limit = 1, exclude_keys = [] } = exchange.body
    const inputs = await inputsOf(exchange.context.app, param(exchange, 'id'))
    const wanted = inputs.filter(({ key }) => key.startsWith(prefix) && !exclude_keys.includes(key))
    return value(wanted.slice(0, limit).map(runInputToWire))
  },

  async 'GET /flow_runs/{id}/input/{key}'(exchange) {
    const [id, key] = [param(exchange, 'id'), param(exchange, 'key')]
    const input = await exchange.context.app.store.find.findRunInput(id, key)
    if (!input) throw new AppError('not_found', `Run ${id} has no input with the key ${key}.`)
    // As it was given: text, whatever is in it.
    exchange.response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(input.value)
    return TAKEN
  },

  async 'DELETE /flow_runs/{id}/input/{key}'(exchange) {
    await exchange.context.app.engine.deleteInput(param(exchange, 'id'), param(exchange, 'key'))
    return EMPTY
  },
}
