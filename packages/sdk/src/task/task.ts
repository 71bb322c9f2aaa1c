/** `task`: a step of a flow whose result is recorded, so that a run that starts again continues behind it. */
import { readDefinition } from '../flow/names.ts'
import { checkTaskOptions, type TaskOptions } from './options.ts'
import { runTask } from './run-task.ts'

export interface Task<Arguments extends readonly unknown[], Result> {
  /**
   * Calls the task. Throws what the function throws after its last try, `task_timed_out`, `task_key_missing` for
   * arguments that cannot be recorded, `value_not_serializable` for such a result, or why the run was stopped.
   */
  (...args: Arguments): Promise<Result>
  readonly taskName: string
}

type Definable = (...args: never[]) => unknown
/** The task that a function becomes. */
export type TaskOf<Fn extends Definable> = Task<Parameters<Fn>, Awaited<ReturnType<Fn>>>

/**
 * Makes `fn` a task. Without a name in front it gets the function's own, `_` as `-`.
 * Throws `invalid_request` for a name with / % & > or < in it, and for options that make no sense.
 */
export function task<Fn extends Definable>(name: string, fn: Fn, options?: TaskOptions<Parameters<Fn>>): TaskOf<Fn>
export function task<Fn extends Definable>(fn: Fn, options?: TaskOptions<Parameters<Fn>>): TaskOf<Fn>
export function task(
  ...parts: [string | Definable, (Definable | TaskOptions)?, TaskOptions?]
): Task<readonly unknown[], unknown> {
  const { name, fn, options = {} } = readDefinition<Definable, TaskOptions>('task', parts)
  checkTaskOptions(name, options)
  const definition = { name, fn, options }
  return Object.assign((...args: readonly unknown[]) => runTask(definition, args), { taskName: name })
}
