/** `pilot deployment ls|inspect|run`. */
import { type DeploymentWire, type FlowRunWire, serveCommand, shortId } from '@pilotflame/core'
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import { eventsOf, followRun, showWaiting, succeeded, whyWaiting } from '../follow-run.ts'
import { readParameters, strangers } from '../parameters.ts'
import { parseJsonObject, readSource } from '../read-json.ts'
import { allPages, fullName, resolveDeployment } from '../resolve-named.ts'
import { sayAgo } from '../say.ts'

/** The server counts executors of ours and runners of Prefect's. */
const isReady = ({ status }: DeploymentWire): boolean => status === 'READY'

const statusOf = (deployment: DeploymentWire): string =>
  deployment.paused ? 'paused' : isReady(deployment) ? 'ready' : 'no executor'

export async function listDeployments(context: Context): Promise<number> {
  const { client, out } = context
  const deployments = await allPages((page) => client.filterDeployments(page))
  out.document(deployments)
  if (deployments.length === 0) out.line('There is no deployment yet. Serve a flow: pilot serve FILE:EXPORT --name NAME')
  else
    out.table(
      [
        { title: 'NAME', min: 12, keep: 100, paint: out.colors.bold },
        {
          title: 'STATUS',
          keep: 90,
          paint: (text) => (text.startsWith('ready') ? out.colors.green(text) : out.colors.yellow(text)),
        },
        { title: 'CODE', min: 8, keep: 20 },
        { title: 'VERSION', min: 8, keep: 10 },
        { title: 'UPDATED', keep: 50 },
      ],
      deployments.map((one) => [
        fullName(one),
        statusOf(one),
        one.entrypoint ?? '-',
        one.version ?? '-',
        sayAgo(one.updated, Date.now()),
      ]),
    )
  return EXIT.done
}

const json = (value: unknown): string => JSON.stringify(value, null, 2)

export async function inspectDeployment(context: Context, name: string): Promise<number> {
  const { client, out } = context
  const deployment = await client.deployment((await resolveDeployment(client, name)).id)
  const owner = `prefect.deployment.${deployment.id}`
  const automations = (await allPages((page) => client.automations.list(page))).filter((one) => one.owner_resource === owner)
  out.document({ ...deployment, automations })
  out.fields([
    ['name', out.colors.bold(fullName(deployment))],
    ['id', deployment.id],
    ['status', statusOf(deployment)],
    ['description', deployment.description],
    ['code', deployment.entrypoint],
    ['version', deployment.version],
    ['tags', deployment.tags.join(', ') || null],
    ['starts on', automations.map(({ trigger }) => trigger.expect.join(', ') || 'any event').join('\n') || null],
    ['parameters', Object.keys(deployment.parameters).length === 0 ? null : json(deployment.parameters)],
    ['schema', deployment.parameter_openapi_schema === null ? null : json(deployment.parameter_openapi_schema)],
    ['updated', deployment.updated],
  ])
  if (!isReady(deployment)) {
    const command = serveCommand(deployment, await eventsOf(client, deployment.id))
    const start = command === null ? 'Start the program that serves it.' : 'Start one:'
    showWaiting(out, { summary: `No executor is connected. ${start}`, command })
  }
  return EXIT.done
}

export interface RunOptions {
  readonly param: readonly string[]
  readonly params?: string
  readonly follow?: boolean
  readonly name?: string
  readonly tag: readonly string[]
  readonly idempotencyKey?: string
}

async function createRun({ client }: Context, deployment: DeploymentWire, options: RunOptions): Promise<FlowRunWire> {
  const schema = deployment.parameter_openapi_schema
  const given = options.params === undefined ? {} : await parseJsonObject(readSource('--params', options.params))
  return client.createFlowRun(deployment.id, {
    parameters: { ...given, ...readParameters(options.param, schema) },
    tags: [...options.tag],
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.idempotencyKey === undefined ? {} : { idempotency_key: options.idempotencyKey }),
  })
}

export async function runDeployment(context: Context, name: string, options: RunOptions): Promise<number> {
  const { client, out } = context
  const deployment = await resolveDeployment(client, name)
  for (const hint of strangers(readParameters(options.param, null), deployment.parameter_openapi_schema)) out.note(hint)
  const run = await createRun(context, deployment, options)
  if (options.follow === true) {
    const { end } = await followRun(context, run.id)
    return succeeded(end) ? EXIT.done : EXIT.failed
  }
  out.document(run)
  out.line(`${out.colors.green('✓')} ${out.colors.bold(run.name)} ${out.colors.dim(shortId(run.id))} of ${fullName(deployment)}`)
  const waiting = await whyWaiting(client, run)
  if (waiting !== undefined) showWaiting(out, waiting)
  out.line(out.colors.dim(`  pilot run inspect ${run.name}`))
  return EXIT.done
}
