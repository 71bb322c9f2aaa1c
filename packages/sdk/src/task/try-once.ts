/** One try of a task's function: inside its own scope, given up when its time is over or its run is stopped. */
import { AppError } from '@pilotflame/core'
import { type Context, contextStorage, TaskContext } from '../run/context.ts'
import { Scope } from '../run/scope.ts'

export interface Try {
  readonly name: string
  readonly taskRunId: string
  /** Whether its result is recorded. */
  readonly durable: boolean
  readonly timeoutMs: number | undefined
  /** Where the task was called. */
  readonly outer: Context
  readonly call: () => unknown
}

const timedOut = ({ name, timeoutMs }: Try): AppError =>
  new AppError(
    'task_timed_out',
    `The task "${name}" took longer than its ${timeoutMs} ms. Raise timeoutMs, or find what it waits for.`,
  )

/** Starts the function, in a context where `currentRun()` has the task's signal. */
function start(one: Try, scope: Scope): Promise<unknown> {
  const { outer, call } = one
  const context = new TaskContext(outer, scope, one)
  const { bodies } = outer.host.calls
  const body = contextStorage.run(context, async () => call())
  bodies.add(body)
  const ended = () => bodies.delete(body)
  body.then(ended, ended)
  return body
}

/** Settles with the function, or before it with `task_timed_out` or the reason why the run was stopped. */
export function tryOnce(one: Try): Promise<unknown> {
  const scope = new Scope()
  return new Promise((resolve, reject) => {
    const { timeoutMs } = one
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => scope.stop(timedOut(one)), timeoutMs)
    const letGo = one.outer.scope.onStop((reason) => scope.stop(reason))
    scope.onStop(reject)
    start(one, scope)
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer)
        letGo()
      })
  })
}

/** Waits, but no longer than the scope goes on. Rejects with the reason when that is stopped. */
export function pause(delayMs: number, scope: Scope): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      letGo()
      resolve()
    }, delayMs)
    const letGo = scope.onStop((reason) => {
      clearTimeout(timer)
      reject(reason)
    })
  })
}
