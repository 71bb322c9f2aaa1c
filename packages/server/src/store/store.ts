/**
 * The store: one thread that decides, and that never waits for a disk.
 *
 * A body awaits the facts it needs from `tx`, decides, and writes; a write returns nothing, and when it fails
 * the whole transaction fails. A body awaits nothing but `tx`. Bodies queued in one turn share one database
 * transaction; `transaction` settles after the first flush that began after its commit.
 */
import type {
  Automation,
  Bucket,
  Chunk,
  Deployment,
  DeploymentVersion,
  Event,
  Flow,
  FlowRun,
  Json,
  Log,
  Micros,
  State,
  TaskRun,
  Variable,
  Verdict,
} from '@pilotflame/core'
import type { AutomationFilter, LogFilter, VariableFilter } from '@pilotflame/core/contract'
import type { EventCount, EventCountQuery, EventPage, EventQuery } from './event-queries.ts'
import type { Criteria } from './filters/criteria.ts'
import type { Bite, RemoveBefore, Removed, SweepPlace } from './remove-old.ts'

/** An inbound hook. `secret` is encrypted; null for a hook without a signature. */
export interface Hook {
  readonly id: string
  readonly name: string
  /** The name of the events it makes. */
  readonly event: string
  readonly secret: Uint8Array | null
  readonly createdAt: Micros
}

/** An executor's registration, kept so that it can come back after a restart of the server. */
export interface SessionRow {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly boot: string
  readonly createdAt: Micros
}

export interface RecordedResult {
  readonly taskKey: string
  readonly dynamicKey: string
  readonly result: Json
}

/** What names a task run inside of its run. */
export interface TaskRunKey {
  readonly flowRunId: string
  readonly taskKey: string
  readonly dynamicKey: string
}

export interface TaskState {
  readonly state: State
  readonly taskRunId: string
}

/** Something that was sent to a run while it runs. `value` is text, whatever is in it. */
export interface RunInput {
  readonly flowRunId: string
  readonly key: string
  readonly value: string
  readonly sender: string | null
  readonly createdAt: Micros
}

/** A run that waits for an executor, or holds one; enough to dispatch by. */
export interface WaitingRun {
  readonly id: string
  readonly deploymentId: string
  readonly versionId: string | null
  /** When it is due. */
  readonly dueAt: Micros
}

export interface Tx {
  // Events and verdicts
  /** False when an event with this id is here already; nothing is written then. */
  insertEvent(event: Event): Promise<boolean>
  /** An event by its id: one that came in, or the one that a flow run's state made. */
  findEvent(id: string): Promise<Event | undefined>
  insertVerdict(verdict: Verdict): void

  // Automations
  loadAutomations(): Promise<readonly Automation[]>
  findAutomation(id: string): Promise<Automation | undefined>
  findAutomationsByOwner(ownerResource: string): Promise<readonly Automation[]>
  saveAutomation(automation: Automation): void
  /** Its buckets go with it. */
  deleteAutomation(id: string): void
  findBucket(triggerId: string, key: readonly string[]): Promise<Bucket | undefined>
  saveBucket(bucket: Bucket): void
  deleteBucket(triggerId: string, key: readonly string[]): void

  // Flows and deployments
  findFlow(id: string): Promise<Flow | undefined>
  findFlowByName(name: string): Promise<Flow | undefined>
  saveFlow(flow: Flow): void
  findDeployment(id: string): Promise<Deployment | undefined>
  findDeploymentByName(flowName: string, name: string): Promise<Deployment | undefined>
  saveDeployment(deployment: Deployment): void
  deleteDeployment(id: string): void
  findVersion(deploymentId: string, version: string): Promise<DeploymentVersion | undefined>
  insertVersion(version: DeploymentVersion): void

  // Runs
  /** Locks the run until the transaction ends. */
  findRun(id: string): Promise<FlowRun | undefined>
  findRunByIdempotencyKey(flowId: string, key: string): Promise<FlowRun | undefined>
  findState(id: string): Promise<State | undefined>
  /** Writes a new run and the states it has passed by now, in order. */
  insertRun(run: FlowRun, states: readonly State[]): void
  /** Writes the run as it is now and the states it has passed since it was read. */
  updateRun(run: FlowRun, states: readonly State[]): void
  deleteRun(id: string): void
  /** The value the run returned, encoded. */
  saveRunResult(runId: string, result: Json): void
  /** Runs whose lease this session holds. */
  findRunsOfSession(sessionId: string): Promise<readonly FlowRun[]>
  /** Runs in a SCHEDULED state that belong to a deployment, oldest due first. */
  loadWaitingRuns(): Promise<readonly WaitingRun[]>

  // What a run reports. Each is written "on conflict do nothing": true when it was new.
  /** `probablyNew`: hardly ever there. A body of the journal goes on as if it were not; where it is, the body runs again. */
  findTaskRun(id: string, options?: { readonly probablyNew?: boolean }): Promise<TaskRun | undefined>
  findTaskRunByKey(key: TaskRunKey): Promise<TaskRun | undefined>
  findTaskState(id: string): Promise<TaskState | undefined>
  /**
   * Writes the task run as it is now, and one of its states: the current one, or another that came late. A state that
   * is here already stays as it is. `runCount` is that of the state. Default: the task run's.
   */
  saveTaskRun(taskRun: TaskRun, state: State, runCount?: number): void
  /** A state that changes nothing of its task run. */
  insertTaskState(taskRunId: string, state: State, runCount: number): void
  /** With its states. */
  deleteTaskRun(id: string): void
  /** The first result of a (run, task key, dynamic key) stays. */
  insertTaskResult(runId: string, taskKey: string, dynamicKey: string, result: Json): void
  loadTaskResults(runId: string): Promise<readonly RecordedResult[]>
  insertLog(log: Log): void
  /** True when it was new. */
  insertChunk(chunk: Chunk): Promise<boolean>

  // Executors
  loadSessions(): Promise<readonly SessionRow[]>
  findSession(id: string): Promise<SessionRow | undefined>
  saveSession(session: SessionRow): void
  deleteSession(id: string): void

  // Hooks
  findHook(name: string): Promise<Hook | undefined>
  saveHook(hook: Hook): void
  deleteHook(name: string): void

  // Variables, and values of the server's own
  findVariable(id: string): Promise<Variable | undefined>
  findVariableByName(name: string): Promise<Variable | undefined>
  /** Fails where another variable has the name. */
  saveVariable(variable: Variable): void
  deleteVariable(id: string): void
  findConfiguration(name: string): Promise<Json | undefined>
  saveConfiguration(name: string, value: Json): void
  deleteConfiguration(name: string): void

  // Inputs of runs
  /** False when the run has an input with this key; nothing is written then. */
  insertRunInput(input: RunInput): Promise<boolean>
  findRunInput(flowRunId: string, key: string): Promise<RunInput | undefined>
  /** Oldest first. */
  findRunInputs(flowRunId: string): Promise<readonly RunInput[]>
  deleteRunInput(flowRunId: string, key: string): void

  // Retention
  /** One bite of a sweep: removes, or looks at, about `rowsMax` rows. */
  removeOld(before: RemoveBefore, place: SweepPlace, rowsMax: number): Promise<Bite>
}

export interface Page {
  readonly limit: number
  readonly offset: number
}

export type RunSort =
  | 'ID_DESC'
  | 'START_TIME_ASC'
  | 'START_TIME_DESC'
  | 'EXPECTED_START_TIME_ASC'
  | 'EXPECTED_START_TIME_DESC'
  | 'NAME_ASC'
  | 'NAME_DESC'
  | 'NEXT_SCHEDULED_START_TIME_ASC'
  | 'END_TIME_DESC'

export type TaskRunSort = Exclude<RunSort, 'START_TIME_ASC' | 'START_TIME_DESC'>
export type NameSort = 'CREATED_DESC' | 'UPDATED_DESC' | 'NAME_ASC' | 'NAME_DESC'
export type LogSort = 'TIMESTAMP_ASC' | 'TIMESTAMP_DESC'

/** What the live server knows of deployments: it stands in the answer, and narrows nothing. */
export interface DeploymentUses {
  /** Those whose runs somebody would start now. */
  readonly ready?: readonly string[]
  /** When a runner asked for runs of one last. */
  readonly polled?: Readonly<Record<string, Micros | null>>
}

/** So many intervals, one after the other. */
export interface HistorySpan {
  readonly start: Micros
  readonly intervalMicros: number
  readonly intervals: number
}

/** Lists, filters and counts, on a thread of their own; never used to decide. `Text` is finished JSON in the API's form. */
export interface Reader {
  /** `now` counts the time of runs that still run. */
  flowRuns(criteria: Criteria, sort: RunSort, page: Page, now?: Micros): Promise<string>
  countFlowRuns(criteria: Criteria): Promise<number>
  flowRunHistory(criteria: Criteria, span: HistorySpan, now: Micros): Promise<string>
  /** Seconds on average; null without a run. */
  flowRunLateness(criteria: Criteria, now: Micros): Promise<number | null>
  flowRunStates(runId: string): Promise<string>
  /** In the order of their moments, however they came in. */
  taskRunStates(taskRunId: string): Promise<string>
  flows(criteria: Criteria, sort: NameSort, page: Page): Promise<string>
  countFlows(criteria: Criteria): Promise<number>
  deployments(criteria: Criteria & DeploymentUses, sort: NameSort, page: Page): Promise<string>
  countDeployments(criteria: Criteria): Promise<number>
  taskRuns(criteria: Criteria, sort: TaskRunSort, page: Page, now?: Micros): Promise<string>
  countTaskRuns(criteria: Criteria): Promise<number>
  taskRunHistory(criteria: Criteria, span: HistorySpan, now: Micros): Promise<string>
  logs(filter: LogFilter, sort: LogSort, page: Page): Promise<string>
  automations(filter: AutomationFilter, sort: NameSort, page: Page): Promise<string>
  countAutomations(filter: AutomationFilter): Promise<number>
  variables(filter: VariableFilter, sort: NameSort, page: Page): Promise<string>
  countVariables(filter: VariableFilter): Promise<number>
  hooks(): Promise<string>
  /** Events that came in and events that states are, by their moments. */
  events(query: EventQuery): Promise<EventPage>
  countEvents(query: EventCountQuery): Promise<readonly EventCount[]>
  /** Verdicts of an event, oldest first. */
  verdicts(eventId: string): Promise<readonly Verdict[]>
  /** Chunks after (attempt, n), in order, at most `limit`; fewer where they are large, see `chunk-page.ts`. */
  chunks(runId: string, after: { attempt: number; n: number }, limit: number): Promise<readonly Chunk[]>
  /** How many rows of each kind `removeOld` would remove in all. */
  countOld(before: RemoveBefore): Promise<Removed>
}

export interface TransactionOptions {
  /**
   * The shortest way to the disk, for a small body that others wait for: its writes are durable before they are in
   * their tables. Only for bodies whose writes cannot contradict what is stored, because they have looked. A body that
   * inserts an event or a chunk which is here already, or takes a task run for new, may run twice: what it did the
   * first time is undone. `often`: whoever hears of it is likely to send the next one at once, so its tables follow right
   * behind; `once`: they follow in a quiet moment. Default: it is executed directly.
   */
  readonly journal?: 'once' | 'often' | undefined
  /** Called when the body has failed or was refused, before any later body runs; `transaction` may settle only after the disk. */
  readonly failed?: () => void
  /** Called when what was written is committed, and not yet on disk: nobody may be told of it. */
  readonly committed?: () => void
  /** Called when it is on disk, before `transaction` settles. What it throws, `transaction` throws. */
  readonly durable?: () => void
}

export interface Store {
  /** Runs `body`, and settles when what it wrote is on disk, or was refused. */
  transaction<T>(body: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Point reads by key outside of a transaction, from the same thread. */
  readonly find: Pick<
    Tx,
    | 'findRun'
    | 'findEvent'
    | 'findAutomation'
    | 'findFlow'
    | 'findFlowByName'
    | 'findDeployment'
    | 'findDeploymentByName'
    | 'findHook'
    | 'findTaskRun'
    | 'findState'
    | 'findTaskState'
    | 'findVariable'
    | 'findVariableByName'
    | 'findConfiguration'
    | 'findRunInput'
    | 'findRunInputs'
  > & {
    /** The value the run returned, encoded; undefined when there is none. */
    findRunResult(runId: string): Promise<Json | undefined>
  }
  readonly read: Reader
  /** How many commits and flushes there were so far. `behind`: bodies in the journal that the tables do not have yet. */
  readonly counts: { readonly commits: number; readonly flushes: number; readonly behind: number }
  /** Settles what is under way, and closes. */
  close(): Promise<void>
}
