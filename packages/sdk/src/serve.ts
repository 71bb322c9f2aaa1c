/** `serve`: makes this process an executor for its flows, until Ctrl-C or a signal ends it. */
import { type Executor, startExecutor } from './executor/executor.ts'
import { type AnyFlow, isFlow, type ServedDeployment } from './flow/definition.ts'
import type { ServeOptions } from './flow/options.ts'
import { describeTriggers } from './flow/triggers.ts'

const LIMIT = 100
// 10 s: what a run at work gets to end by itself.
const DRAIN_MS_MAX = 10_000

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

/** `chatbot is ready: waiting for chat.message (limit 100) · http://127.0.0.1:4200/api`. */
export function readyLine(deployments: readonly ServedDeployment[], limit: number, apiUrl: string): string {
  const places = `(limit ${limit}) · ${apiUrl}`
  const waits = ({ offer }: ServedDeployment) => describeTriggers(offer.triggers)
  const [first] = deployments
  if (deployments.length === 1 && first) return `${first.offer.name} is ready: waiting for ${waits(first) || 'runs'} ${places}`
  const names = deployments.map((one) => (waits(one) === '' ? one.offer.name : `${one.offer.name} (${waits(one)})`))
  return `${names.join(', ')} are ready ${places}`
}

/** Drains at the first Ctrl-C or when `signal` says so; leaves at the second, or after 10 s. Returns a way to forget it. */
function endWith(executor: Executor, signal: AbortSignal | undefined): () => void {
  let asked = false
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    if (asked) return executor.close()
    asked = true
    timer = setTimeout(() => executor.close(), DRAIN_MS_MAX)
    void executor.drain()
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  return () => {
    clearTimeout(timer)
    process.off('SIGINT', end)
    process.off('SIGTERM', end)
    signal?.removeEventListener('abort', end)
  }
}

/**
 * Serves flows and deployments from this process; a bare flow gets its own name. Options come last.
 * Prints one line when ready. Settles when it was ended; throws `unauthorized`, or what the server refuses it with.
 */
export async function serve(...parts: readonly [Served, ...(Served | ServeOptions)[]]): Promise<void> {
  const { deployments, options } = readParts(parts)
  const { limit = LIMIT, signal, ...address } = options
  const starting = new AbortController()
  const cancelStart = () => starting.abort()
  signal?.addEventListener('abort', cancelStart)
  let stopWatching = () => {}
  try {
    const executor = await startExecutor({ deployments, limit, ...address, signal: starting.signal })
    signal?.removeEventListener('abort', cancelStart)
    stopWatching = endWith(executor, signal)
    process.stdout.write(`${readyLine(deployments, limit, executor.apiUrl)}\n`)
    await executor.closed
  } catch (error) {
    if (!signal?.aborted) throw error
  } finally {
    signal?.removeEventListener('abort', cancelStart)
    stopWatching()
  }
}
