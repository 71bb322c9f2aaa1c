/** `pilot automation ls|create|inspect|delete|test`. */
import { existsSync } from 'node:fs'
import { AppError, type AutomationWire, type JsonObject, type RequestBody, type WhyWire } from '@pilotflame/core'
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import { parseJsonObject, readFileSource, readSource } from '../read-json.ts'
import { allPages, resolveAutomation } from '../resolve-named.ts'
import { sayAgo } from '../say.ts'
import { showWhy } from './event-why.ts'

const waitsFor = ({ trigger }: AutomationWire): string => trigger.expect.join(', ') || 'any event'

function doesOf({ actions }: AutomationWire, names: ReadonlyMap<string, string>): string {
  const says = actions.map(({ type, deployment_id }) => {
    if (type !== 'run-deployment') return type
    return `run ${typeof deployment_id === 'string' ? (names.get(deployment_id) ?? deployment_id) : 'the deployment of the event'}`
  })
  return says.join(', ') || 'nothing'
}

async function deploymentNames({ client }: Context): Promise<ReadonlyMap<string, string>> {
  const all = await allPages((page) => client.filterDeployments(page))
  return new Map(all.map(({ id, flow_name, name }) => [id, `${flow_name}/${name}`]))
}

export async function listAutomations(context: Context): Promise<number> {
  const { client, out } = context
  const automations = await allPages((page) => client.automations.list(page))
  out.document(automations)
  if (out.json) return EXIT.done
  if (automations.length === 0) {
    out.line('There is no automation yet. Serve a flow with --on EVENT, or create one: pilot automation create --file FILE')
    return EXIT.done
  }
  const names = await deploymentNames(context)
  out.table(
    [
      { title: 'NAME', min: 10, keep: 100, paint: out.colors.bold },
      { title: 'WAITS FOR', min: 9, keep: 90 },
      { title: 'DOES', min: 8, keep: 70 },
      { title: 'STATE', keep: 60, paint: (text) => (text.startsWith('on') ? out.colors.green(text) : out.colors.dim(text)) },
      { title: 'UPDATED', keep: 20 },
    ],
    automations.map((one) => [
      one.name,
      waitsFor(one),
      doesOf(one, names),
      one.enabled ? 'on' : 'off',
      sayAgo(one.updated, Date.now()),
    ]),
  )
  return EXIT.done
}

export interface CreateOptions {
  readonly file?: string
  readonly jsonFile?: string
}

export async function createAutomation(
  { client, out }: Context,
  file: string | undefined,
  options: CreateOptions,
): Promise<number> {
  const path = file ?? options.file ?? options.jsonFile
  if (path === undefined) {
    throw new AppError('invalid_request', 'Say which automation: pilot automation create FILE, or - to read it from stdin.')
  }
  // The server checks it, and names every fault.
  const body = (await parseJsonObject(readFileSource(path))) as RequestBody<'POST /automations/'>
  const created = await client.automations.create(body)
  out.document(created)
  out.line(
    `${out.colors.green('✓')} ${out.colors.bold(created.name)} waits for ${waitsFor(created)} ${out.colors.dim(created.id)}`,
  )
  return EXIT.done
}

export async function inspectAutomation(context: Context, name: string): Promise<number> {
  const { client, out } = context
  const automation = await resolveAutomation(client, name)
  out.document(automation)
  if (out.json) return EXIT.done
  const { trigger } = automation
  const set = (value: unknown): string | null =>
    Object.keys(value as object).length === 0 ? null : JSON.stringify(value, null, 2)
  out.fields([
    ['name', out.colors.bold(automation.name)],
    ['id', automation.id],
    ['state', automation.enabled ? out.colors.green('on') : out.colors.dim('off')],
    ['description', automation.description || null],
    ['waits for', waitsFor(automation)],
    ['after', trigger.after.join(', ') || null],
    ['match', set(trigger.match)],
    ['match related', set(trigger.match_related)],
    ['for each', trigger.for_each.join(', ') || null],
    ['threshold', `${trigger.threshold}${trigger.within > 0 ? ` within ${trigger.within} s` : ''}`],
    ['does', doesOf(automation, await deploymentNames(context))],
    ['actions', JSON.stringify(automation.actions, null, 2)],
    ['owner', automation.owner_resource],
    ['updated', automation.updated],
  ])
  return EXIT.done
}

export async function deleteAutomation({ client, out }: Context, name: string): Promise<number> {
  const automation = await resolveAutomation(client, name)
  await client.automations.delete(automation.id)
  out.document({ deleted: automation.id, name: automation.name })
  out.line(`${out.colors.green('✓')} ${automation.name} is deleted.`)
  if (automation.owner_resource !== null) out.line('It comes back when its deployment is served with the same event again.')
  return EXIT.done
}

export interface TestOptions {
  readonly event: string
  readonly data?: string
  readonly resource?: string
}

/** `--event` names a file with a whole event, or the event itself. */
async function readEvent({ event, data, resource }: TestOptions): Promise<JsonObject> {
  const isFile = event === '-' || event.endsWith('.json') || existsSync(event)
  if (isFile && data === undefined) return parseJsonObject(readFileSource(event))
  const payload = data === undefined ? {} : await parseJsonObject(readSource('--data', data))
  return { event, resource: { 'prefect.resource.id': resource ?? 'pilotflame.cli' }, payload }
}

export async function testAutomation({ client, out }: Context, name: string | undefined, options: TestOptions): Promise<number> {
  const automation = name === undefined ? undefined : await resolveAutomation(client, name)
  const event = (await readEvent(options)) as RequestBody<'POST /automations/test'>['event']
  const found = await client.automations.test({ event, ...(automation ? { automation_id: automation.id } : {}) })
  out.document(found)
  const matched = found.filter((one: WhyWire) => one.matched)
  for (const why of automation ? found : matched) showWhy(out, why)
  if (!automation && matched.length === 0) out.line(`No automation matches: ${found.length} looked at.`)
  return EXIT.done
}
