/** Schedules of a deployment. They stand with it as they look in answers; none of them runs yet. */
import {
  AppError,
  type Deployment,
  type DeploymentScheduleWire,
  type Fault,
  type JsonObject,
  parseSeconds,
  toIso,
} from '@pilotflame/core'
import { type BodyOf, requestError } from '@pilotflame/core/contract'
import type { App } from '../../app.ts'
import { type Handlers, param } from '../exchange.ts'
import { EMPTY, value } from '../replies.ts'
import { loadDeployment } from './load-deployment.ts'

type Made = Pick<App, 'clock' | 'random'>
type ScheduleCreate = BodyOf<'POST /deployments/{id}/schedules'>[number]
type ScheduleUpdate = BodyOf<'PATCH /deployments/{id}/schedules/{schedule_id}'>

/** The deployment's id is put in where it is read: a new deployment has none yet. */
type Stored = Omit<DeploymentScheduleWire, 'deployment_id'>

const storedOf = ({ kept }: Deployment): readonly Stored[] => (kept.schedules ?? []) as unknown as readonly Stored[]

const wireOf = (deployment: Deployment): DeploymentScheduleWire[] =>
  storedOf(deployment).map((one) => ({ ...one, deployment_id: deployment.id }))

/** As Prefect writes it: lengths of time in seconds, and every field with its default. */
function scheduleToWire(schedule: ScheduleCreate['schedule'], now: string): JsonObject {
  if ('interval' in schedule) {
    const { interval, anchor_date = now, timezone = 'UTC' } = schedule
    return { interval: parseSeconds(interval) ?? 0, anchor_date, timezone }
  }
  if ('cron' in schedule) return { cron: schedule.cron, timezone: schedule.timezone ?? 'UTC', day_or: schedule.day_or ?? true }
  return { rrule: schedule.rrule, timezone: schedule.timezone ?? 'UTC' }
}

export function newSchedules({ clock, random }: Made, given: readonly ScheduleCreate[]): Stored[] {
  const now = toIso(clock.now())
  return given.map(({ schedule, max_scheduled_runs = null, parameters = {}, slug = null }) => ({
    id: random.uuid(),
    created: now,
    updated: now,
    schedule: scheduleToWire(schedule, now),
    active: false,
    max_scheduled_runs,
    parameters: parameters as JsonObject,
    slug,
  }))
}

function change(made: Made, known: Stored, { schedule, max_scheduled_runs, parameters, slug }: ScheduleUpdate): Stored {
  const now = toIso(made.clock.now())
  return {
    ...known,
    updated: now,
    ...(schedule ? { schedule: scheduleToWire(schedule, now) } : {}),
    ...(max_scheduled_runs === undefined ? {} : { max_scheduled_runs }),
    ...(parameters === undefined ? {} : { parameters: parameters as JsonObject }),
    ...(slug === undefined ? {} : { slug }),
  }
}

const fault = (index: number, field: string, msg: string): Fault => ({ loc: ['schedules', index, field], msg, type: 'value' })

/** Those of a PATCH: schedules with slugs are changed where they stand, and the others replace what is there. */
export function updatedSchedules(made: Made, deployment: Deployment, given: readonly ScheduleUpdate[]): readonly Stored[] {
  const known = storedOf(deployment)
  const named = known.length > 0 && known.every(({ slug }) => slug !== null)
  if (named && !given.every(({ slug }) => Boolean(slug))) {
    const missing = given.findIndex(({ slug }) => !slug)
    throw requestError([fault(missing, 'slug', 'slug is missing: the schedules of this deployment are known by theirs')])
  }
  if (!named)
    return newSchedules(
      made,
      given.flatMap((one) => (one.schedule ? [{ ...one, schedule: one.schedule, active: false }] : [])),
    )
  const changed = [...known]
  given.forEach((one, index) => {
    const at = changed.findIndex(({ slug }) => slug === (one.replaces ?? one.slug))
    const stored = changed[at]
    if (stored) changed[at] = change(made, stored, one)
    else if (one.schedule) changed.push(...newSchedules(made, [{ ...one, schedule: one.schedule, active: false }]))
    else throw requestError([fault(index, 'schedule', 'schedule is missing: there is none with this slug to change')])
  })
  return changed
}

const save = (app: App, { id }: Deployment, schedules: readonly Stored[]): Promise<void> =>
  app.engine.updateDeployment(id, { schedules: schedules as unknown as JsonObject[] })

async function loadSchedule(app: App, exchange: { readonly params: Readonly<Record<string, string>> }) {
  const deployment = await loadDeployment(app, param(exchange, 'id'))
  const id = param(exchange, 'schedule_id').toLowerCase()
  const schedule = storedOf(deployment).find((one) => one.id === id)
  if (schedule) return { deployment, schedule }
  throw new AppError('not_found', `There is no schedule ${id} of ${deployment.flowName}/${deployment.name}.`)
}

export const scheduleRoutes: Handlers<
  | 'GET /deployments/{id}/schedules'
  | 'POST /deployments/{id}/schedules'
  | 'PATCH /deployments/{id}/schedules/{schedule_id}'
  | 'DELETE /deployments/{id}/schedules/{schedule_id}'
> = {
  async 'GET /deployments/{id}/schedules'(exchange) {
    return value(wireOf(await loadDeployment(exchange.context.app, param(exchange, 'id'))))
  },

  async 'POST /deployments/{id}/schedules'(exchange) {
    const { app } = exchange.context
    const deployment = await loadDeployment(app, param(exchange, 'id'))
    const made = newSchedules(app, exchange.body)
    await save(app, deployment, [...storedOf(deployment), ...made])
    return value(made.map((one) => ({ ...one, deployment_id: deployment.id })))
  },

  async 'PATCH /deployments/{id}/schedules/{schedule_id}'(exchange) {
    const { app } = exchange.context
    const { deployment, schedule } = await loadSchedule(app, exchange)
    const changed = change(app, schedule, exchange.body)
    await save(
      app,
      deployment,
      storedOf(deployment).map((one) => (one.id === schedule.id ? changed : one)),
    )
    return EMPTY
  },

  async 'DELETE /deployments/{id}/schedules/{schedule_id}'(exchange) {
    const { app } = exchange.context
    const { deployment, schedule } = await loadSchedule(app, exchange)
    await save(
      app,
      deployment,
      storedOf(deployment).filter((one) => one.id !== schedule.id),
    )
    return EMPTY
  },
}
