/** `pilot serve FILE[:EXPORT]`: makes this process an executor for flows of a file, or with `--isolation` a host of some. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AppError, nearest } from '@pilotflame/core'
import { type AnyFlow, isFlow, serve as ownServe, type ServedDeployment, type ServeOptions } from '@pilotflame/sdk'
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import { readProcessOptions } from './serve-processes.ts'

export interface ServeFileOptions {
  readonly name?: string
  /** `none` alone takes away the automation that an earlier serve made; nothing said leaves it. */
  readonly on?: readonly string[]
  readonly limit?: string
  readonly isolation?: string
  /** `MIN` or `MIN..MAX`. */
  readonly warm?: string
  /** Megabytes. */
  readonly memory?: string
  /** The file that people know, where another one is run. */
  readonly entrypoint?: string
}

type Serve = (deployment: ServedDeployment, ...more: (ServedDeployment | ServeOptions)[]) => Promise<void>

/** `flows.ts:hello` → file and export. A path may hold colons itself: the last one counts, where what is before it is a file. */
export function readTarget(
  text: string,
  isFile: (path: string) => boolean = existsSync,
): { file: string; exported: string | undefined } {
  const colon = text.lastIndexOf(':')
  if (colon > 0 && !isFile(text)) return { file: text.slice(0, colon), exported: text.slice(colon + 1) }
  return { file: text, exported: undefined }
}

export function readLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1) return limit
  throw new AppError('invalid_request', `--limit ${text} is no number of runs. Give a whole number from 1.`)
}

/** The flows that a file exports, by the names they are exported under. A flow with two names counts once. */
export function flowsOf(exports: Readonly<Record<string, unknown>>): ReadonlyMap<string, AnyFlow> {
  const flows = new Map<string, AnyFlow>()
  for (const [name, value] of Object.entries(exports)) {
    if (isFlow(value) && ![...flows.values()].includes(value)) flows.set(name, value)
  }
  return flows
}

export function chooseFlows(
  file: string,
  flows: ReadonlyMap<string, AnyFlow>,
  exported: string | undefined,
): [string, AnyFlow][] {
  if (flows.size === 0) {
    throw new AppError('not_found', `${file} exports no flow. Export one: export const hello = flow('hello', async () => …).`)
  }
  if (exported === undefined) return [...flows]
  const flow = flows.get(exported)
  if (flow) return [[exported, flow]]
  const names = [...flows.keys()]
  const near = nearest(exported, names)
  const hint = near === undefined ? `It exports ${names.join(', ')}.` : `Did you mean ${file}:${near}?`
  throw new AppError('not_found', `${file} exports no flow "${exported}". ${hint}`)
}

/** The SDK that the file itself imports: a run's context is known to that copy only. */
async function serveOf(file: string): Promise<Serve> {
  try {
    const path = createRequire(file).resolve('pilotflame')
    const sdk = (await import(pathToFileURL(path).href)) as { serve?: Serve }
    return sdk.serve ?? ownServe
  } catch {
    return ownServe
  }
}

/** Node does not say where JavaScript cannot be read; the bundler does, as in `pilot dev`. Undefined for other errors. */
async function placeOf(file: string, error: unknown): Promise<string | undefined> {
  if (!(error instanceof SyntaxError)) return undefined
  const { findFault } = await import('../../bundle/bundle-program.ts')
  return findFault(file)
}

/** Says which file failed, and keeps the error's own words. */
async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>
  } catch (cause) {
    const said = (await placeOf(file, cause)) ?? (cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause))
    throw new AppError('invalid_request', `${relative('.', file)} cannot be loaded: ${said}`, { cause })
  }
}

/** What `--on` says of the deployment's automation. */
export function readOn(on: readonly string[] | undefined): { readonly events: readonly string[]; readonly keep: boolean } {
  if (on === undefined) return { events: [], keep: true }
  if (!on.includes('none')) return { events: on, keep: false }
  if (on.length === 1) return { events: [], keep: false }
  throw new AppError('invalid_request', '--on none takes the automation away, so it stands alone. Leave out one of them.')
}

interface Chosen {
  readonly path: string
  readonly flows: readonly [string, AnyFlow][]
}

/** The flows that are meant, and only those that one name and one event can be meant for. */
async function choose(target: string, { name, on }: ServeFileOptions): Promise<Chosen> {
  const { file, exported } = readTarget(target)
  const path = resolve(file)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new AppError('not_found', `There is no file ${file}. Check its name and the folder you are in.`)
  if (found.isDirectory()) {
    throw new AppError('invalid_request', `${file} is a folder. Name a file in it, or serve them all with "pilot dev ${file}".`)
  }
  const flows = chooseFlows(file, flowsOf(await load(path)), exported)
  if (flows.length > 1 && (name !== undefined || on !== undefined)) {
    const names = flows.map(([one]) => `${file}:${one}`).join(', ')
    const option = name === undefined ? '--on' : '--name'
    throw new AppError(
      'ambiguous_name',
      `${option} is for one flow, and ${file} exports several. Say which one is meant: ${names}.`,
    )
  }
  return { path, flows }
}

function toDeployments({ path, flows }: Chosen, options: ServeFileOptions): ServedDeployment[] {
  const { events, keep } = readOn(options.on)
  const version = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
  return flows.map(([exported, flow]) => {
    const deployment = flow.toDeployment({
      ...(options.name === undefined ? {} : { name: options.name }),
      on: events,
      // A host knows a better one: it reads all files that the code is made of.
      ...(options.isolation === undefined ? { version } : {}),
      entrypoint: `${options.entrypoint ?? relative('.', path)}:${exported}`,
    })
    return keep ? { ...deployment, offer: { ...deployment.offer, keep_triggers: true } } : deployment
  })
}

export async function serveFile({ out, settings }: Context, target: string, options: ServeFileOptions): Promise<number> {
  const processes = readProcessOptions(options)
  const limit = options.limit === undefined ? undefined : readLimit(options.limit)
  out.claimStdout() // the file prints while it is loaded, too
  const chosen = await choose(target, options)
  const deployments = toDeployments(chosen, options)
  const [first, ...rest] = deployments
  if (!first) return EXIT.notFound
  const authString = settings.authString === null ? {} : { authString: settings.authString }
  const names = deployments.map(({ offer }) => `${offer.flow_name}/${offer.name}`)
  const onReady = (apiUrl: string) => out.item({ type: 'ready', api_url: apiUrl, deployments: names, pid: process.pid })
  const told = { apiUrl: settings.apiUrl, ...authString, ...(out.json ? { onReady } : {}) }
  if (processes) {
    const { serveFileHosted } = await import('../../host/serve-file.ts')
    await serveFileHosted(
      { ...chosen, deployments, processes, ...(options.name === undefined ? {} : { name: options.name }) },
      told,
    )
  } else {
    const serve = await serveOf(chosen.path)
    await serve(first, ...rest, { ...(limit === undefined ? {} : { limit }), ...told })
  }
  return EXIT.done
}
