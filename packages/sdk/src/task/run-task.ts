/**
 * A task's call: found among the recorded results, or run, tried again, and recorded.
 *
 * 1. A durable call settles after the server has its result on disk: a run that starts again continues behind it.
 * 2. What a first run gets went through the same encoding as what a resumed run gets.
 * 3. A stopped run waits for nothing, but a task that is still at work ends only when its function has.
 */
import { AppError, decodeValue, encodeValue, isAppError, type Json } from '@pilotflame/core'
import { taskRunIdOf } from '../machine/uuid.ts'
import { type Context, currentContext, type TaskReport } from '../run/context.ts'
import { createDirectHost } from '../run/direct.ts'
import { describeError } from '../run/errors.ts'
import { dynamicKeyOf } from './dynamic-key.ts'
import type { TaskOptions } from './options.ts'
import { retryDelay } from './retry-delay.ts'
import { pause, tryOnce } from './try-once.ts'

export interface TaskDefinition {
  readonly name: string
  readonly fn: (...args: never[]) => unknown
  readonly options: TaskOptions
}

interface Call {
  readonly definition: TaskDefinition
  readonly args: readonly unknown[]
  readonly context: Context
  readonly dynamicKey: string
  readonly taskRunId: string
  readonly runName: string
  tries: number
}

type TaskState = TaskReport['state']

const reportOf = (call: Call, state: TaskState, result?: Json): TaskReport => ({
  task_run_id: call.taskRunId,
  task_key: call.definition.name,
  dynamic_key: call.dynamicKey,
  name: call.runName,
  state,
  run_count: call.tries,
  ...(result === undefined ? {} : { result }),
})

const report = (call: Call, state: TaskState): void => call.context.host.report(reportOf(call, state))

/** A task outside of any run: it keeps to itself, as in a direct call of a flow. */
function contextOutside(name: string): Context {
  const host = createDirectHost(name, {}, {})
  return { host, run: host.run, scope: host.scope, taskRunId: null, within: null }
}

function cancelled(call: Call, reason: unknown): void {
  const { open } = call.context.host.calls
  if (!open.delete(call.taskRunId)) return
  report(call, { type: 'CANCELLED', message: describeError(reason).message })
}

/** The run was stopped: nobody waits any more, but the task run ends when its functions have. */
function endWhenGone(call: Call, reason: unknown): void {
  const { bodies } = call.context.host.calls
  if (bodies.size === 0) cancelled(call, reason)
  else Promise.allSettled(bodies).then(() => cancelled(call, reason))
}

function failed(call: Call, error: unknown): void {
  call.context.host.calls.open.delete(call.taskRunId)
  const name = isAppError(error) && error.code === 'task_timed_out' ? 'TimedOut' : undefined
  report(call, { type: 'FAILED', ...(name ? { name } : {}), message: describeError(error).message })
}

/** Calls the function until it returns, or until its tries are used up. */
async function untilReturned(call: Call): Promise<unknown> {
  const { definition, context, args, taskRunId } = call
  const { name, fn, options } = definition
  for (;;) {
    call.tries++
    report(call, call.tries === 1 ? { type: 'RUNNING' } : { type: 'RUNNING', name: 'Retrying' })
    try {
      return await tryOnce({
        name,
        taskRunId,
        durable: options.durable !== false,
        timeoutMs: options.timeoutMs,
        outer: context,
        call: () => fn(...(args as never[])),
      })
    } catch (error) {
      context.scope.throwIfStopped()
      if (call.tries > (options.retries ?? 0) || options.retryOn?.(error) === false) throw error
      report(call, { type: 'SCHEDULED', name: 'AwaitingRetry', message: describeError(error).message })
      await pause(retryDelay(options, call.tries, Math.random()), context.scope)
    }
  }
}

function encodeResult({ definition: { name } }: Call, value: unknown): Json {
  try {
    return encodeValue(value)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `The result of the task "${name}" cannot be recorded: ${reason} Return plain values, or make the task durable: false.`
    throw new AppError('value_not_serializable', message, { cause: error })
  }
}

/** Rejects at once when the run is stopped, whether or not the record has settled. */
function record(call: Call, result: Json): Promise<void> {
  const { host, scope } = call.context
  return new Promise((resolve, reject) => {
    const letGo = scope.onStop(reject)
    host
      .record(reportOf(call, { type: 'COMPLETED' }, result))
      .then(resolve, reject)
      .finally(letGo)
  })
}

async function runToEnd(call: Call): Promise<unknown> {
  const { context, definition, taskRunId } = call
  const { open } = context.host.calls
  open.set(taskRunId, (reason) => cancelled(call, reason))
  try {
    const value = await untilReturned(call)
    const result = definition.options.durable === false ? undefined : encodeResult(call, value)
    open.delete(taskRunId)
    if (result === undefined) {
      report(call, { type: 'COMPLETED' })
      return value
    }
    await record(call, result)
    return decodeValue(result)
  } catch (error) {
    if (context.scope.stopped) endWhenGone(call, error)
    else failed(call, error)
    throw error
  }
}

function start(definition: TaskDefinition, args: readonly unknown[], context: Context, dynamicKey: string): Promise<unknown> {
  const { host } = context
  const index = host.calls.count(host.calls.indexes, definition.name)
  const found = definition.options.durable === false ? undefined : host.recorded(definition.name, dynamicKey)
  if (found !== undefined) return Promise.resolve(decodeValue(found))
  const taskRunId = taskRunIdOf(host.run.id, definition.name, dynamicKey)
  return runToEnd({ definition, args, context, dynamicKey, taskRunId, runName: `${definition.name}-${index}`, tries: 0 })
}

/** Throws what the function throws, the reason why its run was stopped, `task_key_missing`, `task_timed_out` or `value_not_serializable`. */
export async function runTask(definition: TaskDefinition, args: readonly unknown[]): Promise<unknown> {
  const { name, options } = definition
  const context = currentContext() ?? contextOutside(name)
  context.scope.throwIfStopped()
  const { calls } = context.host
  const { dynamicKey, own } = dynamicKeyOf(name, options, args, context)
  if (!own) return start(definition, args, context, dynamicKey)
  const place = `${name}\n${dynamicKey}`
  const before = calls.byUserKey.get(place)
  if (before) return before
  const result = start(definition, args, context, dynamicKey)
  calls.byUserKey.set(place, result)
  result.catch(() => calls.byUserKey.delete(place)) // a failed call may be made once more
  return result
}
