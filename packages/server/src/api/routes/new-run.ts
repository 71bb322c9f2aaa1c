/** Wire → domain: the run and the state that somebody asks for. */
import { type Json, type JsonObject, parseIso, type RunKept, type StateDetails, type StateProposal } from '@pilotflame/core'
import type { BodyOf } from '@pilotflame/core/contract'
import type { App, NewRun } from '../../app.ts'

type StateCreate = BodyOf<'POST /flow_runs/{id}/set_state'>['state']

export function proposalOf({ random }: Pick<App, 'random'>, state: StateCreate): StateProposal {
  const { scheduled_time, ...details } = state.state_details ?? {}
  const scheduledAt = typeof scheduled_time === 'string' ? parseIso(scheduled_time) : undefined
  return {
    id: random.uuid(),
    type: state.type,
    ...(state.name ? { name: state.name } : {}),
    ...(state.message === undefined ? {} : { message: state.message }),
    ...(state.data === undefined ? {} : { data: state.data as Json }),
    details: details as StateDetails,
    ...(scheduledAt === undefined ? {} : { scheduledAt }),
  }
}

/** What few runs have: a context, or a policy that says something. */
function keptOf({ context, empirical_policy: policy }: BodyOf<'POST /deployments/{id}/create_flow_run'>): RunKept | undefined {
  const hasPolicy = Object.values(policy ?? {}).some((one) => Boolean(one) && !(Array.isArray(one) && one.length === 0))
  if (!hasPolicy && Object.keys(context ?? {}).length === 0) return undefined
  return {
    ...(hasPolicy ? { empirical_policy: policy as RunKept['empirical_policy'] & JsonObject } : {}),
    ...(context ? { context: context as JsonObject } : {}),
  }
}

export function newRunOf(app: Pick<App, 'random'>, body: BodyOf<'POST /deployments/{id}/create_flow_run'>): NewRun {
  const kept = keptOf(body)
  return {
    ...(kept ? { kept } : {}),
    ...(body.parent_task_run_id ? { parentTaskRunId: body.parent_task_run_id.toLowerCase() } : {}),
    ...(body.name ? { name: body.name } : {}),
    ...(body.parameters === undefined ? {} : { parameters: body.parameters }),
    ...(body.tags === undefined ? {} : { tags: body.tags }),
    ...(body.labels ? { labels: body.labels } : {}),
    ...(body.idempotency_key ? { idempotencyKey: body.idempotency_key } : {}),
    ...(body.state ? { state: proposalOf(app, body.state) } : {}),
    ...(typeof body.enforce_parameter_schema === 'boolean' ? { enforceParameterSchema: body.enforce_parameter_schema } : {}),
  }
}
