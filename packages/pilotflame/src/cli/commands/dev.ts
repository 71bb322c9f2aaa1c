/** `pilot dev`: the server and every flow file of a folder, loaded again on change; a line per flow and per run. */
import { existsSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { AppError, type FlowRun, flowRunToWire, timelineToWire } from '@pilotflame/core'
import type { RunningServer } from '@pilotflame/server'
import { type Context, openClient } from '../context.ts'
import { type FlowFile, findFlowFiles } from '../dev/find-flow-files.ts'
import { ServedFile, type ServedFileEvents } from '../dev/served-file.ts'
import { watchFolder } from '../dev/watch-folder.ts'
import { EXIT } from '../errors.ts'
import { timelineObject } from '../follow-run.ts'
import { fullName } from '../resolve-named.ts'
import { runServer } from '../run-server.ts'
import { paintState, sayMs, sayState, timelineLines } from '../say.ts'
import { aborted, stopSignal } from '../stop-signal.ts'
import { oneLine, printable } from '../text-width.ts'

interface Development {
  readonly context: Context
  readonly server: RunningServer
  readonly folder: string
  readonly files: Map<string, ServedFile>
  /** Files that are served no more, while their runs end. */
  readonly leaving: Set<Promise<void>>
}

/** Throws `not_found`, or `invalid_request` for what is no folder. */
function folderAt(given: string): string {
  const found = statSync(given, { throwIfNoEntry: false })
  if (!found) throw new AppError('not_found', `There is no folder ${given}. Check its name.`)
  if (found.isDirectory()) return resolve(given)
  throw new AppError(
    'invalid_request',
    `${given} is no folder. Name the one it is in, or serve the file with "pilot serve ${given}".`,
  )
}

export async function develop(context: Context, given: string): Promise<number> {
  const folder = folderAt(given)
  const { signal, forget } = stopSignal()
  const names = new Map<string, string>()
  const { settings } = context
  let showEnd = (_: FlowRun): void => undefined
  const server = await runServer(settings, (run) => showEnd(run))
  const { client, close } = openClient({ apiUrl: server.apiUrl, authString: settings.authString })
  const development: Development = {
    context: { ...context, client, close },
    server,
    folder,
    files: new Map(),
    leaving: new Set(),
  }
  showEnd = (run) => void nameOf(development, run, names).then((name) => showRun(development, run, name))
  try {
    await serveUntil(signal, development)
  } finally {
    await Promise.all([...development.leaving, ...[...development.files.values()].map((file) => file.stop())])
    close()
    await server.stop()
    forget()
  }
  return EXIT.done
}

/** Serves the folder until the signal; rejects where it cannot be read any more. */
async function serveUntil(signal: AbortSignal, development: Development): Promise<void> {
  const { context, server, folder, files } = development
  const { out, settings } = context
  out.line(`${out.colors.bold('Pilotflame')} is ready at ${out.colors.bold(server.apiUrl)} · home ${settings.home}`)
  out.item({ type: 'ready', api_url: server.apiUrl, home: settings.home, pid: process.pid })
  await serveFound(development)
  if (files.size === 0) out.line(`No file of ${folder} exports a flow yet. Write one, and it is served.`)
  const failed = Promise.withResolvers<never>()
  const unwatch = watchFolder(folder, (paths) => void reload(development, paths).catch(failed.reject))
  try {
    await Promise.race([aborted(signal), failed.promise])
  } finally {
    unwatch()
  }
  out.line(out.colors.dim('Ends when the runs at work have ended; Ctrl-C once more ends at once.'))
}

/** Serves the files that are new. */
async function serveFound(development: Development): Promise<void> {
  const { files, folder } = development
  const found = findFlowFiles(folder).filter(({ path, kind }) => files.get(path)?.file.kind !== kind)
  const served = found.map((file) => createServed(development, file))
  await Promise.all(served.map((one) => one.load()))
}

function leave({ leaving }: Development, served: ServedFile): void {
  const left = served.stop().finally(() => leaving.delete(left))
  leaving.add(left)
}

function createServed(development: Development, file: FlowFile): ServedFile {
  const { context, server, folder, files } = development
  const name = relative(folder, file.path)
  const isConnected = (pid: number) => server.app.executors.list().some((one) => one.pid === pid)
  const address = { apiUrl: server.apiUrl, authString: context.settings.authString }
  const served = new ServedFile(file, { name, server: address, isConnected }, eventsOf(development, name))
  const before = files.get(file.path)
  if (before) leave(development, before)
  files.set(file.path, served)
  return served
}

function eventsOf(development: Development, name: string): ServedFileEvents {
  const { out } = development.context
  const { colors } = out
  return {
    ready: (pid, tookMs) => void showServed(development, { name, pid, tookMs }),
    failed(why, stays) {
      out.item({ type: 'failed', file: name, message: why, earlier_version_goes_on: stays })
      const rest = stays ? ': the version before goes on' : ': it is loaded again when you change it'
      out.line(`${colors.red('✗')} ${colors.bold(name)} was not loaded${rest}`)
      for (const line of why.split('\n')) out.line(`  ${printable(line)}`)
    },
    line(text) {
      out.item({ type: 'output', file: name, text })
      out.line(`${colors.dim(`${name} │`)} ${printable(text)}`)
    },
  }
}

/** A line per flow that the process serves. */
async function showServed(
  { context, server }: Development,
  { name, pid, tookMs }: { readonly name: string; readonly pid: number; readonly tookMs: number },
): Promise<void> {
  const { out, client } = context
  const executor = server.app.executors.list().find((one) => one.pid === pid)
  for (const id of executor?.deployments ?? []) {
    const deployment = await client.deployment(id)
    const owner = `prefect.deployment.${id}`
    const automations = (await client.automations.list({ limit: 200 })).filter((one) => one.owner_resource === owner)
    const on = automations.flatMap(({ trigger }) => (trigger.expect.length === 0 ? ['any event'] : trigger.expect)).join(', ')
    out.item({ type: 'served', deployment: fullName(deployment), file: name, on, version: deployment.version, took_ms: tookMs })
    const waits = on === '' ? '' : ` waits for ${out.colors.bold(on)}`
    out.line(
      `${out.colors.green('●')} ${out.colors.bold(fullName(deployment))}${waits} ${out.colors.dim(`${name} · ${sayMs(tookMs)}`)}`,
    )
  }
}

async function reload(development: Development, paths: ReadonlySet<string>): Promise<void> {
  const { files } = development
  for (const [path, served] of files) {
    if (existsSync(path)) continue
    files.delete(path)
    leave(development, served)
    development.context.out.line(`${development.context.out.colors.dim('○')} ${relative(development.folder, path)} is gone`)
  }
  const touched = [...files.values()].filter((served) => [...paths].some((path) => served.uses(path)))
  await Promise.all([...touched.map((served) => served.load()), serveFound(development)])
}

/** Asked once per deployment. */
async function nameOf({ context }: Development, run: FlowRun, names: Map<string, string>): Promise<string> {
  if (run.deploymentId === null) return ''
  const known = names.get(run.deploymentId)
  if (known !== undefined) return known
  const name = await context.client.deployment(run.deploymentId).then(fullName, () => '')
  names.set(run.deploymentId, name)
  return name
}

function showRun({ context }: Development, run: FlowRun, deployment: string): void {
  const { out } = context
  const wire = flowRunToWire(run)
  const timeline = timelineToWire(run)
  const attempt = timeline.attempts.at(-1)
  const total = attempt?.total_ms ?? null
  out.item({
    type: 'run',
    flow_run_id: run.id,
    name: run.name,
    deployment,
    state: wire.state_name,
    total_ms: total,
    timeline: timelineObject(timeline),
  })
  const { colors } = out
  const state = paintState(wire.state_type, sayState(wire.state_type, wire.state_name), colors)
  const message = run.state.message === null || wire.state_type === 'COMPLETED' ? '' : `: ${oneLine(run.state.message)}`
  out.line(`${state} ${deployment} ${colors.bold(run.name)}${message}`)
  for (const line of timelineLines(attempt?.marks ?? [], out.width - 2)) out.line(colors.dim(`  ${line}`))
}
