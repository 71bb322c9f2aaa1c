/** What `serve` says of processes for all deployments, and each one for itself, put together. */
import { AppError } from '@pilotflame/core'
import type { HostedDeployment } from '../host/host.ts'
import type { ServedDeployment } from './definition.ts'
import { checkProcessOptions, type ProcessOptions, planProcesses } from './process-options.ts'

/** What the deployment says comes first. */
function merge(all: ProcessOptions, own: ProcessOptions): ProcessOptions {
  const warm = { ...all.warm, ...own.warm }
  const env = { ...all.env, ...own.env }
  return {
    ...all,
    ...own,
    ...(Object.keys(warm).length === 0 ? {} : { warm }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
  }
}

const nameOf = ({ offer }: ServedDeployment): string => `${offer.flow_name}/${offer.name}`

const PROCESS_KEYS = [
  'isolation',
  'warm',
  'memoryMbMax',
  'cancelGraceMs',
  'killGraceMs',
  'runsMax',
  'ageMsMax',
  'env',
  'onStart',
] as const satisfies readonly (keyof ProcessOptions)[]

/** The part of some options that is about processes. */
export function processOptionsOf(given: ProcessOptions): ProcessOptions {
  const said = PROCESS_KEYS.filter((key) => given[key] !== undefined)
  return Object.fromEntries(said.map((key) => [key, given[key]]))
}

/** The plan for each deployment's processes; undefined where all share this process. Throws `invalid_request`. */
export function planServed(
  deployments: readonly ServedDeployment[],
  options: ProcessOptions,
): readonly HostedDeployment[] | undefined {
  const all = processOptionsOf(options)
  const hosted: HostedDeployment[] = []
  const shared: string[] = []
  for (const one of deployments) {
    const merged = merge(all, one.processes ?? {})
    checkProcessOptions(merged)
    const plan = planProcesses(merged, one.timeoutMs)
    if (plan) hosted.push({ offer: one.offer, versionGiven: one.versionGiven === true, plan })
    else shared.push(nameOf(one))
  }
  if (hosted.length === 0) return undefined
  if (shared.length === 0) return hosted
  throw new AppError(
    'invalid_request',
    `${shared.join(', ')} would share this process, and others have "isolation". Give it to serve, for all of them, or serve them apart.`,
  )
}
