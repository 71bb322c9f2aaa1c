/** Log lines as they come, for those who watch: told after their flush (I5). While nobody watches, it costs nothing. */
import { type Log, logToWire } from '@pilotflame/core'
import type { Tx } from '../store/store.ts'
import type { EngineCore } from './engine-core.ts'

export interface LogWatcher {
  wants(log: Log): boolean
  /** `text` is the line as subscribers get it, made once for all of them. */
  see(log: Log, text: string): void
}

export class LogFeed {
  readonly #watchers = new Set<LogWatcher>()

  get watched(): boolean {
    return this.#watchers.size > 0
  }

  /** Returns a way to stop. */
  watch(watcher: LogWatcher): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  publish(logs: readonly Log[]): void {
    for (const log of logs) {
      let text: string | undefined
      for (const watcher of this.#watchers) {
        if (!watcher.wants(log)) continue
        text ??= `{"type":"log","log":${JSON.stringify(logToWire(log))}}`
        watcher.see(log, text)
      }
    }
  }
}

/** Writes lines, and tells those who watch once they are on disk. */
export async function acceptLogs({ store, logs }: Pick<EngineCore, 'store' | 'logs'>, lines: readonly Log[]): Promise<void> {
  await store.transaction(async (tx: Tx) => {
    for (const line of lines) tx.insertLog(line)
  })
  if (logs.watched) logs.publish(lines)
}
