/**
 * One attempt of a run: from the server's message to its end.
 *
 * 1. Nothing but a clock is read between the `first_line` mark and the user's first statement.
 * 2. A cancelled run is Cancelled when its function, and those of its tasks, have ended (I10).
 * 3. A run whose lease is lost goes on unheard: it is told to stop, and says nothing more (I2).
 * 4. What the first statement does not need is made when it is asked for: in a fresh process each of these costs 10 µs.
 */
import { AppError, encodeValue, isAppError, type Json, type Mark, type Marks, type RunFrame } from '@pilotflame/core'
import type { FlowDefinition, Runnable } from '../flow/definition.ts'
import { applySchema } from '../flow/schema.ts'
import { monotonicMicros } from '../machine/clock.ts'
import { contextStorage, type RunHost, TaskCalls, type TaskReport } from '../run/context.ts'
import { timedOut } from '../run/direct.ts'
import { describeError } from '../run/errors.ts'
import { loggerOf } from '../run/log.ts'
import type { Logger, Run } from '../run/run.ts'
import { Scope } from '../run/scope.ts'
import { checkText, piecesOf } from '../run/text.ts'
import type { Outbox, Refusal } from './outbox.ts'
import { type EndState, errorOf, leaseIsLost, Reporter } from './reporter.ts'

export interface AttemptEvents {
  /** The function has ended: there is room for another run. */
  ended(): void
  /** The server knows how it ended, or will never ask. */
  forgotten(): void
}

export interface Machine {
  readonly bootId: string
}

const recordKey = (taskKey: string, dynamicKey: string): string => `${taskKey}\n${dynamicKey}`

/** What earlier attempts have recorded; null for nothing. */
const recordedOf = ({ recorded }: RunFrame): ReadonlyMap<string, Json> | null =>
  recorded.length === 0 ? null : new Map(recorded.map((one) => [recordKey(one.task_key, one.dynamic_key), one.result]))

export class Attempt implements RunHost {
  readonly frame: RunFrame
  readonly scope = new Scope()
  readonly run: Run
  readonly #outbox: Outbox
  readonly #reporter: Reporter
  readonly #events: AttemptEvents
  readonly #bootId: string
  readonly #marks: Partial<Record<Mark, number>>
  readonly #recorded: ReadonlyMap<string, Json> | null
  #calls: TaskCalls | undefined
  #cancelled = false
  #over = false
  #timer: NodeJS.Timeout | undefined

  constructor(frame: RunFrame, readAt: number, deploymentName: string, machine: Machine, outbox: Outbox, events: AttemptEvents) {
    this.frame = frame
    this.#outbox = outbox
    this.#events = events
    this.#bootId = machine.bootId
    // Readings of another machine cannot stand beside ours; the server has its own.
    const before = frame.marks.boot === machine.bootId ? frame.marks.at : {}
    this.#marks = { ...before, executor_ready: readAt }
    this.#recorded = recordedOf(frame)
    this.#reporter = new Reporter(frame, outbox, () => this.#marksNow(), {
      refused: (refusal) => this.#refused(refusal),
      acknowledged: () => events.forgotten(),
    })
    this.run = this.#createRun(deploymentName)
  }

  #createRun(deploymentName: string): Run {
    const { frame, scope } = this
    const makeLogger = (): Logger => loggerOf(this)
    let logger: Logger | undefined
    return {
      id: frame.run_id,
      name: frame.name,
      attempt: frame.attempt,
      deployment: { id: frame.deployment_id, name: deploymentName },
      parameters: frame.parameters,
      tags: frame.tags,
      get signal() {
        return scope.signal
      },
      get logger() {
        logger ??= makeLogger()
        return logger
      },
      stream: (text) => this.stream(text),
    }
  }

  #marksNow(): Marks {
    return { boot: this.#bootId, at: { ...this.#marks } }
  }

  // What its tasks and its function ask of it

  recorded(taskKey: string, dynamicKey: string): Json | undefined {
    return this.#recorded?.get(recordKey(taskKey, dynamicKey))
  }

  get calls(): TaskCalls {
    this.#calls ??= new TaskCalls()
    return this.#calls
  }

  report(report: TaskReport): void {
    this.#reporter.report(report)
  }

  record(report: TaskReport): Promise<void> {
    return this.#reporter.record(report)
  }

  log(level: number, message: string, name: string, taskRunId: string | null): void {
    this.#reporter.log(level, message, name, taskRunId)
  }

  stream(text: string): Promise<void> | undefined {
    checkText(text)
    if (text === '' || this.#over) return undefined
    const now = monotonicMicros()
    this.#marks.first_output ??= now
    this.#marks.last_output = now
    for (const piece of piecesOf(text)) this.#reporter.chunk(piece)
    return this.#outbox.full ? this.#room() : undefined
  }

  /** Settles when there is room, or when the run is stopped. */
  #room(): Promise<void> {
    return new Promise((resolve) => {
      const letGo = this.scope.onStop(() => resolve())
      this.#outbox.room().then(() => {
        letGo()
        resolve()
      })
    })
  }

  // Its course

  start(load: () => Runnable | Promise<Runnable>): void {
    try {
      const loaded = load()
      if (loaded instanceof Promise) {
        loaded.then(
          (flow) => this.#check(flow.definition),
          (error) => this.#failed(error),
        )
      } else this.#check(loaded.definition)
    } catch (error) {
      this.#failed(error)
    }
  }

  #check(definition: FlowDefinition): void {
    this.#marks.code_ready = monotonicMicros()
    try {
      const checked = applySchema(definition.name, definition.schema, this.frame.parameters)
      if (checked instanceof Promise) {
        checked.then(
          (value) => this.#call(definition, value),
          (error) => this.#failed(error),
        )
      } else this.#call(definition, checked)
    } catch (error) {
      this.#failed(error)
    }
  }

  #call(definition: FlowDefinition, value: unknown): void {
    if (this.scope.stopped) {
      this.#failed(this.scope.reason) // cancelled while its code was loaded
      return
    }
    const context = { host: this, run: this.run, scope: this.scope, taskRunId: null, within: null }
    try {
      const returned = contextStorage.run(context, this.#invoke, definition.fn, value as never)
      this.#reporter.enterRunning()
      if (isThenable(returned)) {
        this.#limitTime(definition)
        returned.then(
          (result) => this.#returned(result),
          (error) => this.#failed(error),
        )
      } else this.#returned(returned)
    } catch (error) {
      this.#failed(error)
    }
  }

  readonly #invoke = (fn: FlowDefinition['fn'], value: never): unknown => {
    this.#marks.first_line = monotonicMicros()
    return fn(value, this.run) // Keeps 1.
  }

  #limitTime({ name, options: { timeoutMs } }: FlowDefinition): void {
    if (timeoutMs === undefined) return
    this.#timer = setTimeout(() => {
      const error = timedOut(name, timeoutMs)
      this.scope.stop(error)
      if (!this.#cancelled) this.#failed(error)
    }, timeoutMs)
  }

  /** The server asks the run to stop. */
  cancel(reason: string): void {
    this.#cancelled = true
    this.scope.stop(new AppError('run_cancelled', reason))
  }

  /** Ends a run that never started. */
  cancelUnstarted(reason: string): void {
    this.cancel(reason)
    this.#failed(this.scope.reason)
  }

  /** Nobody listens any more: the run is told to stop. */
  lose(refusal: Refusal): void {
    if (this.#reporter.lease.lost) return
    this.#reporter.lease.lost = refusal
    this.scope.stop(errorOf(refusal))
    this.#events.forgotten()
  }

  /** The process is about to end. */
  abandon(): void {
    this.scope.stop(
      new AppError('shutting_down', 'This executor is shutting down. The run is started again where retries are left.'),
    )
  }

  #refused(refusal: Refusal): void {
    if (leaseIsLost(refusal)) this.lose(refusal)
    else this.cancel(refusal.message) // the server does not let it be Running: it was cancelled meanwhile
  }

  #returned(value: unknown): void {
    this.#settle(() => ({ state: { type: 'COMPLETED' }, result: encodeResult(value) }))
  }

  #failed(error: unknown): void {
    this.#settle(() => failedState(error))
  }

  #settle(endState: () => EndState): void {
    if (this.#over) return
    clearTimeout(this.#timer)
    this.#marks.completed ??= monotonicMicros()
    const { lost } = this.#reporter.lease
    if (this.#cancelled && !lost) {
      this.#whenGone()
      return
    }
    this.#over = true
    if (!lost) this.#end(tryEndState(endState))
    this.#events.ended()
  }

  /** Keeps 2. */
  #whenGone(): void {
    const bodies = this.#calls?.bodies
    if (bodies && bodies.size > 0) {
      Promise.allSettled(bodies).then(() => this.#whenGone())
      return
    }
    if (this.#over) return
    this.#over = true
    const message = this.scope.reason instanceof Error ? this.scope.reason.message : null
    this.#end({ state: { type: 'CANCELLED', message } })
    this.#events.ended()
  }

  #end(end: EndState): void {
    const left = this.#calls && this.#endTasks(this.#calls)
    this.#reporter.end(end)
    if (left) this.scope.stop(left)
  }

  /** Ends the task runs that are open. Returns why, where functions of theirs are still at work. */
  #endTasks({ open, bodies }: TaskCalls): AppError | undefined {
    if (open.size === 0 && bodies.size === 0) return undefined
    const reason = new AppError('run_cancelled', 'The run ended before this task did. Await every task of a run.')
    for (const endTask of [...open.values()]) endTask(reason)
    return bodies.size > 0 ? reason : undefined
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

function encodeResult(value: unknown): Json {
  try {
    return encodeValue(value)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError('value_not_serializable', `What the flow returned cannot be kept: ${reason} Return plain values.`, {
      cause: error,
    })
  }
}

function failedState(error: unknown): EndState {
  const name = isAppError(error) && error.code === 'run_timed_out' ? { name: 'TimedOut' } : {}
  return { state: { type: 'FAILED', ...name, ...describeError(error) } }
}

function tryEndState(endState: () => EndState): EndState {
  try {
    return endState()
  } catch (error) {
    return failedState(error)
  }
}
