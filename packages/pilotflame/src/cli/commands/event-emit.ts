/** `pilot event emit`: sends an event, says what became of it, and with `--follow` shows the runs that it starts. */
import {
  AppError,
  type AutomationWire,
  type Client,
  isUuid,
  matches,
  nearest,
  runsOfOutcome,
  type VerdictWire,
} from '@pilotflame/core'
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import { followRun, succeeded } from '../follow-run.ts'
import { parseJsonObject, readSource } from '../read-json.ts'
import { allPages } from '../resolve-named.ts'
import { sayVerdict } from '../say-verdict.ts'

export interface EmitOptions {
  readonly data?: string
  readonly resource?: string
  readonly id?: string
  readonly follow?: boolean
}

interface Sent {
  readonly id: string
  readonly event: string
  readonly resource: Readonly<Record<string, string>>
}

async function send(client: Client, name: string, options: EmitOptions): Promise<Sent> {
  const id = options.id ?? crypto.randomUUID()
  if (!isUuid(id)) throw new AppError('invalid_request', `--id ${id} is no UUID. Leave it out to get a new one.`)
  const payload = options.data === undefined ? {} : await parseJsonObject(readSource('--data', options.data))
  const resource = { 'prefect.resource.id': options.resource ?? 'pilotflame.cli' }
  await client.emit({ id, occurred: new Date().toISOString(), event: name, resource, payload })
  return { id, event: name, resource }
}

export async function emitEvent(context: Context, name: string, options: EmitOptions): Promise<number> {
  const { client, out } = context
  const sent = await send(client, name, options)
  out.line(`${out.colors.green('✓')} ${out.colors.bold(name)} ${out.colors.dim(sent.id)}`)
  out.item({ type: 'event', id: sent.id, event: name })
  if (options.follow !== true) return EXIT.done
  const verdicts = await client.verdicts(sent.id)
  if (verdicts.length === 0) {
    await sayUnmatched(context, sent)
    return EXIT.done
  }
  return followVerdicts(context, verdicts)
}

async function followVerdicts(context: Context, verdicts: readonly VerdictWire[]): Promise<number> {
  const { client, out } = context
  let code: number = EXIT.done
  for (const verdict of verdicts) {
    const { name } = await client.automations.get(verdict.automation_id).catch(() => ({ name: verdict.automation_id }))
    out.line(sayVerdict(name, verdict.outcome, out.colors))
    out.item({ type: 'verdict', automation: name, ...verdict })
    const { outcome } = verdict
    if (outcome.kind === 'rejected_parameters' || outcome.kind === 'failed' || outcome.kind === 'too_deep') code = EXIT.failed
  }
  const runs = verdicts.flatMap(({ outcome }) => runsOfOutcome(outcome))
  for (const { flow_run_id } of runs) {
    const { end } = await followRun(context, flow_run_id)
    if (!succeeded(end)) code = EXIT.failed
  }
  return code
}

/** The automation that was probably meant: one that waits for this name, else the one whose name is spelled most like it. */
export function nearestAutomation(sent: Sent, automations: readonly AutomationWire[]): AutomationWire | undefined {
  const event = { ...sent, occurred: 0, received: 0, related: [], payload: {}, follows: null, chainDepth: 0, causeEventId: null }
  const byName = automations.find(({ trigger }) => matches({ ...trigger, match: {}, match_related: [] }, event))
  if (byName) return byName
  const owners = new Map(automations.flatMap((one) => [...one.trigger.expect, one.name].map((name) => [name, one] as const)))
  const near = nearest(sent.event, owners.keys())
  return near === undefined ? undefined : owners.get(near)
}

async function sayUnmatched({ client, out }: Context, sent: Sent): Promise<void> {
  const automations = await allPages((page) => client.automations.list(page))
  const near = nearestAutomation(sent, automations) ?? automations[0]
  const why = near === undefined ? null : `pilot event why ${sent.id} "${near.name}"`
  out.item({ type: 'unmatched', event_id: sent.id, nearest_automation: near?.name ?? null, why })
  out.line(out.colors.yellow('No automation matched it: no run was started.'))
  if (near === undefined) {
    out.line(`There is no automation yet. Serve a flow on it: pilot serve FILE:EXPORT --on ${sent.event}`)
    return
  }
  const waits = near.trigger.expect.length === 0 ? 'any event' : near.trigger.expect.join(', ')
  out.line(`The nearest automation is "${near.name}", which waits for ${waits}. Why it did not match:`)
  out.line(`  ${why}`)
}
