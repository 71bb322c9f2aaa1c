/** Lists, filters and counts beside the writer: on a thread of their own, or for a database in memory on this one. */

import { Worker } from 'node:worker_threads'
import { AppError } from '@pilotflame/core'
import type { SyncReader } from './queries.ts'
import type { Reader } from './store.ts'

/** How much of the log is not yet in the database file, in pages. */
export interface LogSize {
  readonly log: number
  readonly checkpointed: number
}

export interface ReaderThread {
  readonly reader: Reader
  /** Moves the log into the database file when it has grown; `force` also when it is small. */
  checkpoint(force: boolean): Promise<LogSize>
  close(): Promise<void>
}

export type Request =
  | { readonly id: number; readonly method: keyof Reader; readonly values: readonly unknown[] }
  | { readonly id: number; readonly method: 'checkpoint'; readonly values: readonly [boolean] }
  | { readonly id: number; readonly method: 'close'; readonly values: readonly [] }

export interface Failure {
  readonly code: string | undefined
  readonly message: string
}
export type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly failure: Failure }

type Call = <K extends keyof Reader>(method: K, values: Parameters<Reader[K]>) => ReturnType<Reader[K]>

const readerOf = (call: Call): Reader => ({
  flowRuns: (...values) => call('flowRuns', values),
  countFlowRuns: (...values) => call('countFlowRuns', values),
  flowRunHistory: (...values) => call('flowRunHistory', values),
  flowRunLateness: (...values) => call('flowRunLateness', values),
  flowRunStates: (...values) => call('flowRunStates', values),
  taskRunStates: (...values) => call('taskRunStates', values),
  flows: (...values) => call('flows', values),
  countFlows: (...values) => call('countFlows', values),
  deployments: (...values) => call('deployments', values),
  countDeployments: (...values) => call('countDeployments', values),
  taskRuns: (...values) => call('taskRuns', values),
  countTaskRuns: (...values) => call('countTaskRuns', values),
  taskRunHistory: (...values) => call('taskRunHistory', values),
  logs: (...values) => call('logs', values),
  automations: (...values) => call('automations', values),
  countAutomations: (...values) => call('countAutomations', values),
  variables: (...values) => call('variables', values),
  countVariables: (...values) => call('countVariables', values),
  hooks: (...values) => call('hooks', values),
  events: (...values) => call('events', values),
  countEvents: (...values) => call('countEvents', values),
  verdicts: (...values) => call('verdicts', values),
  chunks: (...values) => call('chunks', values),
  countOld: (...values) => call('countOld', values),
})

/** Answers on this thread, between two transactions. */
export function inlineReader(queries: SyncReader, whenQuiet: <T>(read: () => Promise<T>) => Promise<T>): Reader {
  const call = (method: keyof Reader, values: readonly unknown[]): Promise<unknown> =>
    whenQuiet(async () => (queries[method] as (...values: readonly unknown[]) => unknown)(...values))
  return readerOf(call as Call)
}

// The build puts reader-thread.js beside the bundle.
const THREAD = new URL(import.meta.url.endsWith('.ts') ? './reader-thread.ts' : './reader-thread.js', import.meta.url)

/** Starts the thread at once, and again with the next question should it ever die. */
export function startReaderThread(path: string): ReaderThread {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let lastId = 0
  let worker: Worker | null = null

  const died = (dead: Worker, cause: unknown): void => {
    if (worker !== dead) return
    worker = null
    const error = new AppError('store_failed', `The reader of ${path} stopped. Ask again: the next question starts it anew.`, {
      cause,
    })
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }

  const start = (): Worker => {
    const made = new Worker(THREAD, { workerData: { path } })
    made.unref() // it keeps the process alive only while somebody waits for it
    made.on('message', (answer: Answer) => {
      const waiter = waiting.get(answer.id)
      waiting.delete(answer.id)
      if (waiting.size === 0) made.unref()
      if ('failure' in answer) waiter?.reject(toError(answer.failure))
      else waiter?.resolve(answer.value)
    })
    made.on('error', (error) => died(made, error))
    made.on('exit', () => died(made, undefined))
    return made
  }

  const ask = (method: Request['method'], values: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      worker ??= start()
      worker.ref()
      lastId += 1
      waiting.set(lastId, { resolve, reject })
      worker.postMessage({ id: lastId, method, values })
    })

  worker = start()
  return {
    reader: readerOf(ask as Call),
    checkpoint: async (force) => (await ask('checkpoint', [force])) as LogSize,
    async close() {
      const last = worker
      if (last === null) return
      await ask('close', []).catch(() => undefined) // a thread that died has closed already
      worker = null
      await last.terminate()
    },
  }
}

const toError = ({ code, message }: Failure): Error =>
  code === 'disk_full' || code === 'store_failed' || code === 'home_not_writable'
    ? new AppError(code, message)
    : new Error(message)
