/**
 * What the parts of the engine share, made once. The engine is the only writer of run state; everything that
 * decides is in `core`, and everything that lasts is in the store.
 */
import type { AutomationIndex, FlowRun } from '@pilotflame/core'
import type { Hosts } from '../executors/hosts.ts'
import type { Registry } from '../executors/registry.ts'
import type { Clock, Random } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { EventFeed } from './event-feed.ts'
import type { LogFeed } from './log-feed.ts'
import type { Pauses } from './pauses.ts'
import type { RunWaiters } from './run-waiters.ts'
import type { SchemaCache } from './schema-cache.ts'
import type { Work } from './work.ts'

export interface EngineCore {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly registry: Registry
  readonly hosts: Hosts
  readonly index: AutomationIndex
  readonly schemas: SchemaCache
  readonly waiters: RunWaiters
  readonly pauses: Pauses
  /** See `Processes`. */
  readonly giveWay: () => void
  /** Monotonic moments at which waiting runs were committed: they become marks when a run is dispatched. */
  readonly committedAt: Map<string, number>
  /** Viewers of streams are told here, after the flush. */
  readonly onEnd: ((run: FlowRun) => void)[]
  /** And here, of an attempt that has ended while the run goes on. */
  readonly onInterrupted: ((run: FlowRun) => void)[]
  /** Told of each run that was deleted, after the flush. */
  readonly onDeleted: ((runId: string) => void)[]
  /** Those who watch events as they come. */
  readonly feed: EventFeed
  /** And log lines. */
  readonly logs: LogFeed
  /** Matches the events of a unit of work, and starts what they start. */
  readonly match: (work: Work, receivedMark: number) => Promise<void>
  readonly log: (level: 'info' | 'warning' | 'error', message: string) => void
}
