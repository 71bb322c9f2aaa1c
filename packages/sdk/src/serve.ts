/**
 * `serve`: makes this process an executor for its flows, until Ctrl-C or a signal ends it. With `isolation` it keeps
 * processes ready instead, and in each of those the same call makes that process an executor.
 */
import { AppError, type ChildIdentity } from '@pilotflame/core'
import { childIdentity } from './child/identity.ts'
import { runStartHooks } from './child/start-hooks.ts'
import { endWith } from './end-with.ts'
import { type Executor, startExecutor } from './executor/executor.ts'
import { type AnyFlow, isFlow, type ServedDeployment } from './flow/definition.ts'
import type { ServeOptions } from './flow/options.ts'
import { planServed } from './flow/plan-served.ts'
import { type HostedDeployment, loadHost, type RunningHost, type StartHost } from './host/host.ts'
import { executorPlaces, hostPlaces, readyLine } from './ready-line.ts'

const LIMIT = 100

export type Served = AnyFlow | ServedDeployment

const isServed = (part: Served | ServeOptions): part is Served => isFlow(part) || 'offer' in part

function readParts(parts: readonly (Served | ServeOptions | undefined)[]): {
  deployments: ServedDeployment[]
  options: ServeOptions
} {
  const given = parts.filter((part) => part !== undefined)
  const deployments = given.filter(isServed).map((part) => ('offer' in part ? part : part.toDeployment()))
  const last = given.at(-1)
  return { deployments, options: last === undefined || isServed(last) ? {} : last }
}

const present = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value])

/** The processes of a host: what is served there is this one deployment; other calls of the script wait for ever. */
async function serveHere(
  identity: ChildIdentity,
  deployments: readonly ServedDeployment[],
  options: ServeOptions,
): Promise<void> {
  const { expectServed, findServed, serveAsChild } = await import('./child/serve-child.ts')
  const served = findServed(identity, deployments)
  expectServed(identity, served !== undefined)
  if (!served) return new Promise(() => {})
  const onStart = [...present(options.onStart), ...present(served.processes?.onStart)]
  return serveAsChild({ identity, served, onStart })
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** Runs share this process. */
async function serveInProcess(deployments: readonly ServedDeployment[], options: ServeOptions): Promise<void> {
  const { limit = LIMIT, signal, apiUrl, authString, onStart, onReady } = options
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new AppError(
      'invalid_request',
      `"limit" is ${limit}. Give a whole number from 1 on: so many runs are at work here at once.`,
    )
  const address = { ...(apiUrl === undefined ? {} : { apiUrl }), ...(authString === undefined ? {} : { authString }) }
  const hooks = [...present(onStart), ...deployments.flatMap(({ processes }) => present(processes?.onStart))]
  const cleanUp = await runStartHooks(hooks, say)
  try {
    await untilEnded(signal, async (starting) => {
      const executor: Executor = await startExecutor({ deployments, limit, ...address, signal: starting })
      if (onReady) onReady(executor.apiUrl)
      else process.stdout.write(`${readyLine(deployments, executorPlaces(limit), executor.apiUrl)}\n`)
      return executor
    })
  } finally {
    await cleanUp()
  }
}

/** Keeps processes ready, with `start` or with what the package pilotflame has registered. */
export async function serveHosted(
  deployments: readonly ServedDeployment[],
  hosted: readonly HostedDeployment[],
  { signal, apiUrl, authString, onReady }: ServeOptions,
  start?: StartHost,
): Promise<void> {
  const address = { ...(apiUrl === undefined ? {} : { apiUrl }), ...(authString === undefined ? {} : { authString }) }
  const startHost = start ?? (await loadHost())
  await untilEnded(signal, async (starting) => {
    const host = await startHost({ deployments: hosted, ...address, signal: starting, onNotice: say })
    sayWhenReady(host, deployments, hosted, onReady)
    return host
  })
}

/** Not where it was ended before. */
function sayWhenReady(
  host: RunningHost,
  deployments: readonly ServedDeployment[],
  hosted: readonly HostedDeployment[],
  onReady: ServeOptions['onReady'],
): void {
  let over = false
  const end = () => {
    over = true
  }
  host.closed.then(end, end)
  void host.ready.then(() =>
    setImmediate(() => {
      if (over) return
      if (onReady) return onReady(host.apiUrl)
      const failing = Object.values(host.counts()).some(({ failure }) => failure !== null)
      const places = hostPlaces(
        hosted.map(({ plan }) => plan),
        failing,
      )
      process.stdout.write(`${readyLine(deployments, places, host.apiUrl)}\n`)
    }),
  )
}

/** What `serve` keeps until it is ended. */
interface Server {
  drain(): Promise<void>
  handBack(): void | Promise<void>
  readonly closed: Promise<void>
}

/** Starts it, and ends it by Ctrl-C or `signal`; while it is being started, `signal` calls that off. */
async function untilEnded(signal: AbortSignal | undefined, start: (starting: AbortSignal) => Promise<Server>): Promise<void> {
  const starting = new AbortController()
  const cancelStart = () => starting.abort()
  signal?.addEventListener('abort', cancelStart)
  let stopWatching = () => {}
  try {
    const server = await start(starting.signal)
    signal?.removeEventListener('abort', cancelStart)
    stopWatching = endWith(server, signal)
    await server.closed
  } catch (error) {
    if (!signal?.aborted) throw error
  } finally {
    signal?.removeEventListener('abort', cancelStart)
    stopWatching()
  }
}

/**
 * Serves flows and deployments from this process; a bare flow gets its own name. Options come last.
 * Prints one line when ready, unless `onReady` is told. Settles when it was ended; throws `unauthorized`, or what the server refuses it with.
 */
export async function serve(...parts: readonly [Served, ...(Served | ServeOptions)[]]): Promise<void> {
  const { deployments, options } = readParts(parts)
  const identity = childIdentity()
  if (identity) return serveHere(identity, deployments, options)
  const hosted = planServed(deployments, options)
  if (hosted === undefined) return serveInProcess(deployments, options)
  if (options.limit !== undefined) {
    throw new AppError('invalid_request', '"limit" is about this process. With "isolation", say it with "warm.max".')
  }
  return serveHosted(deployments, hosted, options)
}
