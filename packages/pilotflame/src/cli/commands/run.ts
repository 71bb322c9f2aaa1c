/** `pilot run ls|inspect|cancel|delete`. */
import {
  AppError,
  type DeploymentWire,
  type FlowRunWire,
  nearest,
  STATE_NAMES,
  STATE_TYPES,
  type StateType,
  shortId,
} from '@pilotflame/core'
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import { showWaiting, whyWaiting } from '../follow-run.ts'
import { fullName, resolveDeployment } from '../resolve-named.ts'
import { resolveRun } from '../resolve-run.ts'
import { paintState, sayAgo, sayMs, sayState } from '../say.ts'

export interface ListOptions {
  readonly state: readonly string[]
  readonly deployment?: string
  readonly limit: string
}

const OTHER_NAMES = ['Late', 'AwaitingRetry', 'TimedOut']

/** `failed` → every run of the type FAILED; `Late` → those whose state has this name. */
export function readStateFilter(
  given: readonly string[],
): { type?: { any_: StateType[] }; name?: { any_: string[] } } | undefined {
  if (given.length === 0) return undefined
  const types = given.map((text) => STATE_TYPES.find((type) => type === text.toUpperCase()))
  if (types.every((type) => type !== undefined)) return { type: { any_: types } }
  const known = [...Object.values(STATE_NAMES), ...OTHER_NAMES]
  const names = given.map((text) => {
    const name = known.find((one) => one.toLowerCase() === text.toLowerCase())
    if (name !== undefined) return name
    const near = nearest(text, known)
    const hint = near === undefined ? `Use ${known.join(', ')}.` : `Did you mean ${near}?`
    throw new AppError('invalid_request', `There is no state "${text}". ${hint}`)
  })
  return { name: { any_: names } }
}

export function readLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1) return limit
  throw new AppError('invalid_request', `--limit ${text} is no number of rows. Give a whole number from 1.`)
}

async function deploymentNames({ client }: Context, runs: readonly FlowRunWire[]): Promise<ReadonlyMap<string, DeploymentWire>> {
  const ids = [...new Set(runs.flatMap(({ deployment_id }) => (deployment_id === null ? [] : [deployment_id])))]
  const found = ids.length === 0 ? [] : await client.filterDeployments({ deployments: { id: { any_: ids } } })
  return new Map(found.map((deployment) => [deployment.id, deployment]))
}

/** Pages of 200 until `limit` rows are there. */
async function listUpTo({ client }: Context, criteria: object, limit: number): Promise<FlowRunWire[]> {
  const runs: FlowRunWire[] = []
  while (runs.length < limit) {
    const page = Math.min(200, limit - runs.length)
    const found = await client.filterFlowRuns({ flow_runs: criteria, sort: 'ID_DESC', limit: page, offset: runs.length })
    runs.push(...found)
    if (found.length < page) break
  }
  return runs
}

export async function listRuns(context: Context, options: ListOptions): Promise<number> {
  const { client, out } = context
  const limit = readLimit(options.limit)
  const state = readStateFilter(options.state)
  const deployment = options.deployment === undefined ? undefined : await resolveDeployment(client, options.deployment)
  const criteria = { ...(state ? { state } : {}), ...(deployment ? { deployment_id: { any_: [deployment.id] } } : {}) }
  const runs = await listUpTo(context, criteria, limit)
  out.document(runs)
  if (out.json) return EXIT.done
  if (runs.length === 0) {
    const narrowed = state !== undefined || deployment !== undefined
    out.sentence(
      narrowed ? 'No run fits.' : 'There is no run yet. Start one: pilot deployment run NAME, or pilot event emit NAME.',
    )
    return EXIT.done
  }
  showRuns(context, runs, await deploymentNames(context, runs))
  return EXIT.done
}

const tookOf = ({ total_run_time, run_count }: FlowRunWire): string => (run_count === 0 ? '-' : sayMs(total_run_time * 1_000))

function showRuns({ out }: Context, runs: readonly FlowRunWire[], deployments: ReadonlyMap<string, DeploymentWire>): void {
  const states = new Map(runs.map((run) => [sayState(run.state_type, run.state_name), run.state_type]))
  out.table(
    [
      { title: 'STATE', keep: 95, min: 11, paint: (text) => paintState(states.get(text.trim()) ?? 'PENDING', text, out.colors) },
      { title: 'RUN', keep: 100, min: 20 },
      { title: 'ID', keep: 40, min: 8, paint: out.colors.dim },
      { title: 'DEPLOYMENT', keep: 50, min: 10 },
      { title: 'CREATED', keep: 80, min: 8 },
      { title: 'TOOK', keep: 60, align: 'right', min: 7 },
      { title: 'FIRST LINE', keep: 20, align: 'right', min: 10 },
    ],
    runs.map((run) => {
      const deployment = deployments.get(run.deployment_id ?? '')
      return [
        sayState(run.state_type, run.state_name),
        run.name,
        shortId(run.id),
        deployment ? fullName(deployment) : '-',
        sayAgo(run.created, Date.now()),
        tookOf(run),
        run.first_line_ms === null ? '-' : sayMs(run.first_line_ms),
      ]
    }),
  )
}

export async function inspectRun({ client, out }: Context, name: string): Promise<number> {
  const run = await resolveRun(client, name)
  const states = await client.call('GET /flow_run_states/', { query: { flow_run_id: run.id } })
  const deployment = run.deployment_id === null ? undefined : await client.deployment(run.deployment_id)
  out.document({ ...run, states })
  out.fields([
    ['run', out.colors.bold(run.name)],
    ['id', run.id],
    ['state', paintState(run.state_type, sayState(run.state_type, run.state_name), out.colors)],
    ['message', run.state.message],
    ['deployment', deployment ? fullName(deployment) : null],
    ['attempt', run.run_count > 1 ? String(run.run_count) : null],
    ['created', run.created],
    ['started', run.run_count === 0 ? null : run.start_time],
    ['ended', run.end_time],
    ['took', run.run_count === 0 ? null : tookOf(run)],
    ['first line', run.first_line_ms === null ? null : sayMs(run.first_line_ms)],
    ['tags', run.tags.join(', ') || null],
    ['event', run.cause_event_id],
    ['parameters', JSON.stringify(run.parameters, null, 2)],
    ['states', states.map((state) => `${state.timestamp}  ${paintState(state.type, state.name, out.colors)}`).join('\n')],
  ])
  const waiting = await whyWaiting(client, run)
  if (waiting !== undefined) showWaiting(out, waiting)
  return EXIT.done
}

export async function cancelRun({ client, out }: Context, name: string): Promise<number> {
  const run = await resolveRun(client, name)
  const answer = await client.setState(run.id, { state: { type: 'CANCELLING' } })
  const now = await client.flowRun(run.id)
  out.document({ status: answer.status, run: now })
  if (answer.status === 'REJECT' && now.state_type === 'CANCELLING') {
    out.line(`${run.name} is being cancelled already: it is Cancelled when the work is gone. Ask "pilot run why ${run.name}".`)
    return EXIT.done
  }
  if (answer.status === 'ABORT' || (answer.status === 'REJECT' && now.state_type !== 'CANCELLED')) {
    const reason = 'reason' in answer.details && answer.details.reason ? `: ${answer.details.reason}` : '.'
    if (!out.json) out.note(`${run.name} is ${now.state_name} and was not cancelled${reason}`)
    return EXIT.wrongState
  }
  const rest = now.state_type === 'CANCELLING' ? ': it was told to stop, and is Cancelled when the work is gone' : ''
  out.line(`${paintState(now.state_type, sayState(now.state_type, now.state_name), out.colors)} ${run.name}${rest}`)
  return EXIT.done
}

export async function deleteRun({ client, out }: Context, name: string): Promise<number> {
  const run = await resolveRun(client, name)
  await client.call('DELETE /flow_runs/{id}', { params: { id: run.id } })
  out.document({ deleted: run.id, name: run.name })
  out.line(`${out.colors.green('✓')} ${run.name} is deleted.`)
  return EXIT.done
}
