/**
 * Which run, and which of its tasks, the code at hand belongs to. Kept by AsyncLocalStorage, so that any number
 * of runs and tasks at once in one process never mix.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Json, TaskItem } from '@pilotflame/core'
import { SDK_VERSION } from '../version.ts'
import type { Run } from './run.ts'
import type { Scope } from './scope.ts'

/** A task's state as the engine reports it; the host adds the run's own keys. */
export type TaskReport = Omit<TaskItem, 'kind' | 'id' | 'run_id' | 'epoch' | 'at'>

/** The run around a user's function: in an executor it reports to the server, in a direct call it keeps to itself. */
export interface RunHost {
  readonly run: Run
  readonly scope: Scope
  /** The calls of its tasks so far. */
  readonly calls: TaskCalls
  /** The encoded result that an earlier attempt recorded. */
  recorded(taskKey: string, dynamicKey: string): Json | undefined
  report(report: TaskReport): void
  /** Settles when the report is on the server's disk. Rejects when the server refuses it. */
  record(report: TaskReport): Promise<void>
  log(level: number, message: string, name: string, taskRunId: string | null): void
  stream(text: string): Promise<void> | undefined
}

/** Counts a run's task calls, and knows which are under way. */
export class TaskCalls {
  /** Calls by task key and digest, which says the task around them too: how often that pair came before. */
  readonly occurrences = new Map<string, number>()
  /** Calls by task key, for names such as `look-up-0`. */
  readonly indexes = new Map<string, number>()
  /** Calls with a key of the user's: the second one gets what the first one gets. */
  readonly byUserKey = new Map<string, Promise<unknown>>()
  /** Task runs that have not ended yet; each entry ends its task run because its run has ended. */
  readonly open = new Map<string, (reason: unknown) => void>()
  /** Functions of tasks that are still at work, also those that nobody waits for any more. */
  readonly bodies = new Set<Promise<unknown>>()

  count(counts: Map<string, number>, key: string): number {
    const before = counts.get(key) ?? 0
    counts.set(key, before + 1)
    return before
  }
}

export interface Context {
  readonly host: RunHost
  /** The run as the code at hand sees it: its signal is the task's inside of one. */
  readonly run: Run
  readonly scope: Scope
  readonly taskRunId: string | null
  /**
   * The innermost task run around the code at hand whose result is recorded: calls are counted within it. A task that
   * is not recorded does not matter here, because it is called again whenever what is around it is.
   */
  readonly within: string | null
}

/** `run` as a part of it sees it: with a signal of its own. */
export const viewOf = (run: Run, scope: Scope, parameters = run.parameters): Run =>
  Object.create(run, {
    signal: { get: () => scope.signal, enumerable: true },
    parameters: { value: parameters, enumerable: true },
  }) as Run

/** Inside of a task. The run with the task's own signal is made when somebody asks for it: hardly any task does. */
export class TaskContext implements Context {
  readonly host: RunHost
  readonly scope: Scope
  readonly taskRunId: string
  readonly within: string | null
  readonly #outer: Context
  #run: Run | undefined

  constructor(outer: Context, scope: Scope, { taskRunId, durable }: { taskRunId: string; durable: boolean }) {
    this.host = outer.host
    this.scope = scope
    this.taskRunId = taskRunId
    this.within = durable ? taskRunId : outer.within
    this.#outer = outer
  }

  get run(): Run {
    this.#run ??= viewOf(this.#outer.run, this.scope)
    return this.#run
  }
}

/**
 * One for all copies of this version in a process: a program that was bundled has one of its own, and a package that it
 * uses another. What they call belongs to the same run.
 */
const PLACE = Symbol.for(`pilotflame.context ${SDK_VERSION}`)
const shared = globalThis as { [PLACE]?: AsyncLocalStorage<Context> }
shared[PLACE] ??= new AsyncLocalStorage<Context>()

export const contextStorage: AsyncLocalStorage<Context> = shared[PLACE]

export const currentContext = (): Context | undefined => contextStorage.getStore()

/** The run that the code at hand belongs to; inside a task with the task's own signal. `undefined` outside of any run. */
export const currentRun = (): Run | undefined => contextStorage.getStore()?.run
