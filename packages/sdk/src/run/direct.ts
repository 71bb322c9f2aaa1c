/** A flow called as a plain function: its run reports to nobody but the parts that the caller gave. */
import { AppError, type Parameters } from '@pilotflame/core'
import type { FlowDefinition } from '../flow/definition.ts'
import { applySchema } from '../flow/schema.ts'
import { uuidv7 } from '../machine/uuid.ts'
import { type Context, contextStorage, currentContext, type RunHost, TaskCalls, viewOf } from './context.ts'
import { LEVELS, loggerOf } from './log.ts'
import type { Run, RunParts } from './run.ts'
import { Scope } from './scope.ts'

const LEVEL_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(LEVELS).map(([name, level]) => [level, name.toUpperCase()]),
)

/** The run of a direct call, or the place of a task that is called outside of any run. */
export function createDirectHost(name: string, parameters: Parameters, parts: RunParts): RunHost {
  const scope = new Scope()
  const host: RunHost = {
    scope,
    calls: new TaskCalls(),
    recorded: () => undefined,
    report: () => {},
    record: () => Promise.resolve(),
    log: (level, message, logger) => {
      // What console prints is on the terminal already.
      if (logger !== 'console') process.stderr.write(`${LEVEL_NAMES.get(level)} ${name}: ${message}\n`)
    },
    stream: (text) => parts.stream?.(text) ?? undefined,
    get run() {
      return run
    },
  }
  const run: Run = {
    id: parts.id ?? uuidv7(),
    name: parts.name ?? name,
    attempt: parts.attempt ?? 1,
    deployment: parts.deployment ?? null,
    parameters,
    tags: parts.tags ?? [],
    get signal() {
      return scope.signal
    },
    logger: parts.logger ?? loggerOf(host),
    stream: (text) => (text === '' ? undefined : host.stream(text)),
  }
  return host
}

/** Stops `scope` when the caller's signal says so. Returns a way to let go of it. */
function follow(signal: AbortSignal | undefined, scope: Scope): () => void {
  if (!signal) return () => {}
  const stop = () => scope.stop(signal.reason)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return () => signal.removeEventListener('abort', stop)
}

export const timedOut = (name: string, timeoutMs: number): AppError =>
  new AppError(
    'run_timed_out',
    `The flow "${name}" took longer than its ${timeoutMs} ms. Raise timeoutMs, or find what it waits for.`,
  )

/** Rejects when the time is over; the function is told by its signal, and not waited for. */
function withTimeout<T>(name: string, timeoutMs: number | undefined, scope: Scope, work: () => Promise<T>): Promise<T> {
  if (timeoutMs === undefined) return work()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = timedOut(name, timeoutMs)
      scope.stop(error)
      reject(error)
    }, timeoutMs)
    work()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}

/** Inside a run, a flow that is called belongs to that run: what it streams, logs and records is the run's. */
function inherit(outer: Context, parameters: Parameters): Context {
  const scope = new Scope()
  return { ...outer, scope, run: viewOf(outer.run, scope, parameters) }
}

function contextFor(
  definition: FlowDefinition,
  parameters: Parameters,
  parts: RunParts,
): { context: Context; letGo: () => void } {
  const outer = Object.keys(parts).length === 0 ? currentContext() : undefined
  if (outer) {
    const context = inherit(outer, parameters)
    return { context, letGo: outer.scope.onStop((reason) => context.scope.stop(reason)) }
  }
  const host = createDirectHost(definition.name, parameters, parts)
  const context = { host, run: host.run, scope: host.scope, taskRunId: null, within: null }
  return { context, letGo: follow(parts.signal, host.scope) }
}

export async function callDirectly(definition: FlowDefinition, parameters: Parameters, parts: RunParts): Promise<unknown> {
  const { name, options } = definition
  const { context, letGo } = contextFor(definition, parameters, parts)
  try {
    const value = (await applySchema(name, definition.schema, parameters)) as never
    const work = async () => contextStorage.run(context, definition.fn, value, context.run)
    return await withTimeout(name, options.timeoutMs, context.scope, work)
  } finally {
    letGo()
  }
}
