/**
 * What a body can read and write, as prepared statements. Everything happens at once: a read settles without
 * leaving the microtask queue. What Prefect's clients keep beside their runs stands in `client-tx.ts`.
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
  State,
  TaskRun,
  Verdict,
} from '@pilotflame/core'
import { ClientTx } from './client-tx.ts'
import {
  DEPLOYMENT_FROM,
  FIND_DEPLOYMENT,
  FIND_RUN,
  FIND_STATE,
  FIND_TASK_RUN,
  FIND_TASK_STATE,
  RUN_FROM,
  TASK_RUN_FROM,
} from './finds.ts'
import { type Bite, type RemoveBefore, removeOld, removeRun, removeTaskRun, type SweepPlace } from './remove-old.ts'
import type { RowCaches } from './row-cache.ts'
import {
  toAutomation,
  toBucket,
  toDeployment,
  toEvent,
  toFlow,
  toFlowRun,
  toHook,
  toJson,
  toJsonOrNull,
  toRecordedResult,
  toSession,
  toState,
  toTaskRun,
  toVersion,
  toWaitingRun,
} from './rows.ts'
import { insertRun, updateRun } from './run-rows.ts'
import { findStateEvent } from './state-events.ts'
import { type Row, type SqlRunner, upsert } from './statements.ts'
import type { Hook, RecordedResult, SessionRow, TaskRunKey, TaskState, Tx, WaitingRun } from './store.ts'
import { insertTaskState, saveTaskRun } from './task-run-rows.ts'

const FIND_RUN_BY_KEY = `${RUN_FROM} where r.flow_id = ? and r.idempotency_key = ?`
const FIND_RUNS_OF_SESSION = `${RUN_FROM} where r.session_id = ? order by r.id`
const LOAD_WAITING = `select id, deployment_id, version_id, coalesce(next_scheduled_at, expected_start_at, created_at) as due_at
  from flow_run where state_type = 'SCHEDULED' and deployment_id is not null order by due_at, id`
// An event's id is unique over both: the events that came in, and the states.
const FIND_EVENT_ID = 'select 1 from event where id = ? union all select 1 from flow_run_state where id = ?'
const INSERT_EVENT = `insert into event
  (id, occurred, received, event, resource, related, payload, follows, chain_depth, cause_event_id)
  select ?,?,?,?,?,?,?,?,?,? where true` // a select: on a full disk SQLite undoes this statement alone, not its neighbours
const FIND_CHUNK = 'select 1 from chunk where flow_run_id = ? and attempt = ? and n = ?'
const SAVE_AUTOMATION = upsert(
  'automation',
  ['id'],
  [
    'name',
    'description',
    'enabled',
    'tags',
    'trigger',
    'actions',
    'actions_on_trigger',
    'actions_on_resolve',
    'owner_resource',
    'created_at',
    'updated_at',
  ],
)
const SAVE_BUCKET = upsert(
  'automation_bucket',
  ['trigger_id', 'key'],
  ['automation_id', 'start_at', 'end_at', 'count', 'fired_at'],
)
const SAVE_FLOW = upsert('flow', ['id'], ['name', 'tags', 'labels', 'created_at', 'updated_at'])
const SAVE_DEPLOYMENT = upsert(
  'deployment',
  ['id'],
  [
    'flow_id',
    'name',
    'version_id',
    'version',
    'description',
    'entrypoint',
    'paused',
    'tags',
    'labels',
    'parameters',
    'parameter_schema',
    'enforce_parameter_schema',
    'retries',
    'retry_delay_ms',
    'kept',
    'created_by',
    'created_at',
    'updated_at',
  ],
)
const SAVE_RUN_RESULT = upsert('flow_run_result', ['flow_run_id'], ['result'])
const SAVE_SESSION = upsert('session', ['id'], ['name', 'host', 'pid', 'boot', 'created_at'])
const FIND_TASK_RUN_BY_KEY = `${TASK_RUN_FROM} where t.flow_run_id = ? and t.dynamic_key = ? and t.task_key = ? and t.kept is not null`
const TASK_RUN_EXISTS = 'select 1 from task_run where id = ?'
const SAVE_HOOK = upsert('hook', ['id'], ['name', 'event', 'secret', 'created_at'])

/** Of a run's row: the runs that are kept in memory take at most a few MB. */
const KEPT_CHARACTERS_MAX = 8_000

const charactersOf = (row: Row): number =>
  Object.values(row).reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0)

const bit = (value: boolean): number => (value ? 1 : 0)

export class SqliteTx extends ClientTx implements Tx {
  readonly #cache: RowCaches
  /** The runs as this body read them: a write needs to name only what changed. */
  readonly #read = new Map<string, FlowRun>()
  /** Task runs as this body has written them. */
  readonly #taskRuns = new Map<string, TaskRun>()
  /** How many verdicts this body has written so far. */
  #verdicts = 0

  constructor(statements: SqlRunner, cache: RowCaches) {
    super(statements)
    this.#cache = cache
  }

  // Events and verdicts

  async insertEvent(event: Event): Promise<boolean> {
    const { id, occurred, received, follows, chainDepth, causeEventId } = event
    if (!this.open().absent(FIND_EVENT_ID, id, id)) return false
    const parts = [toJson(event.resource), toJson(event.related), toJson(event.payload)]
    this.write(INSERT_EVENT, id, occurred, received, event.event, ...parts, follows, chainDepth, causeEventId)
    return true
  }

  async findEvent(id: string): Promise<Event | undefined> {
    return this.find(toEvent, 'select * from event where id = ?', id) ?? findStateEvent(this.open(), id)
  }

  insertVerdict({ eventId, automationId, at, outcome }: Verdict): void {
    const sql = 'insert into verdict (event_id, automation_id, at, place, outcome) values (?,?,?,?,?)'
    this.write(sql, eventId, automationId, at, this.#verdicts, toJson(outcome))
    this.#verdicts += 1
  }

  // Automations

  async loadAutomations(): Promise<readonly Automation[]> {
    return this.all(toAutomation, 'select * from automation order by created_at, id')
  }

  async findAutomation(id: string): Promise<Automation | undefined> {
    return this.#cache.definitions.find(id, () => this.find(toAutomation, 'select * from automation where id = ?', id))
  }

  async findAutomationsByOwner(ownerResource: string): Promise<readonly Automation[]> {
    return this.all(toAutomation, 'select * from automation where owner_resource = ? order by created_at, id', ownerResource)
  }

  saveAutomation(automation: Automation): void {
    this.#cache.definitions.anyWritten()
    const { id, name, description, enabled, tags, trigger, actions, ownerResource, createdAt, updatedAt } = automation
    const { actionsOnTrigger, actionsOnResolve } = automation
    const parts = [tags, trigger, actions, actionsOnTrigger, actionsOnResolve].map(toJson)
    this.write(SAVE_AUTOMATION, id, name, description, bit(enabled), ...parts, ownerResource, createdAt, updatedAt)
  }

  deleteAutomation(id: string): void {
    this.#cache.definitions.anyWritten()
    this.write('delete from automation_bucket where automation_id = ?', id)
    this.write('delete from automation where id = ?', id)
  }

  async findBucket(triggerId: string, key: readonly string[]): Promise<Bucket | undefined> {
    return this.find(toBucket, 'select * from automation_bucket where trigger_id = ? and key = ?', triggerId, toJson(key))
  }

  saveBucket({ triggerId, key, automationId, start, end, count, firedAt }: Bucket): void {
    this.write(SAVE_BUCKET, triggerId, toJson(key), automationId, start, end, count, firedAt)
  }

  deleteBucket(triggerId: string, key: readonly string[]): void {
    this.write('delete from automation_bucket where trigger_id = ? and key = ?', triggerId, toJson(key))
  }

  // Flows and deployments

  async findFlow(id: string): Promise<Flow | undefined> {
    return this.find(toFlow, 'select * from flow where id = ?', id)
  }

  async findFlowByName(name: string): Promise<Flow | undefined> {
    return this.find(toFlow, 'select * from flow where name = ?', name)
  }

  saveFlow({ id, name, tags, labels, createdAt, updatedAt }: Flow): void {
    this.write(SAVE_FLOW, id, name, toJson(tags), toJson(labels), createdAt, updatedAt)
  }

  async findDeployment(id: string): Promise<Deployment | undefined> {
    return this.#cache.definitions.find(id, () => this.find(toDeployment, FIND_DEPLOYMENT, id))
  }

  async findDeploymentByName(flowName: string, name: string): Promise<Deployment | undefined> {
    return this.find(toDeployment, `${DEPLOYMENT_FROM} where f.name = ? and d.name = ?`, flowName, name)
  }

  saveDeployment(deployment: Deployment): void {
    this.#cache.definitions.anyWritten()
    this.write(
      SAVE_DEPLOYMENT,
      deployment.id,
      deployment.flowId,
      deployment.name,
      deployment.versionId,
      deployment.version,
      deployment.description,
      deployment.entrypoint,
      bit(deployment.paused),
      toJson(deployment.tags),
      toJson(deployment.labels),
      toJson(deployment.parameters),
      toJsonOrNull(deployment.parameterSchema),
      bit(deployment.enforceParameterSchema),
      deployment.retries,
      deployment.retryDelayMs,
      toJson(deployment.kept),
      toJsonOrNull(deployment.createdBy),
      deployment.createdAt,
      deployment.updatedAt,
    )
  }

  deleteDeployment(id: string): void {
    this.#cache.definitions.anyWritten()
    this.write('delete from deployment_version where deployment_id = ?', id)
    this.write('delete from deployment where id = ?', id)
  }

  async findVersion(deploymentId: string, version: string): Promise<DeploymentVersion | undefined> {
    return this.find(toVersion, 'select * from deployment_version where deployment_id = ? and version = ?', deploymentId, version)
  }

  insertVersion({ id, deploymentId, version, entrypoint, parameterSchema, createdAt }: DeploymentVersion): void {
    this.write(
      'insert into deployment_version (id, deployment_id, version, entrypoint, parameter_schema, created_at) values (?,?,?,?,?,?)',
      ...[id, deploymentId, version, entrypoint, toJsonOrNull(parameterSchema), createdAt],
    )
  }

  // Runs

  #remember(run: FlowRun | undefined): FlowRun | undefined {
    if (run !== undefined) this.#read.set(run.id, run)
    return run
  }

  async findRun(id: string): Promise<FlowRun | undefined> {
    let characters = 0
    const read = (): FlowRun | undefined =>
      this.find(
        (row) => {
          characters = charactersOf(row)
          return toFlowRun(row)
        },
        FIND_RUN,
        id,
      )
    return this.#remember(this.#cache.runs.find(id, read, () => characters <= KEPT_CHARACTERS_MAX))
  }

  async findRunByIdempotencyKey(flowId: string, key: string): Promise<FlowRun | undefined> {
    return this.#remember(this.find(toFlowRun, FIND_RUN_BY_KEY, flowId, key))
  }

  async findState(id: string): Promise<State | undefined> {
    return this.find(toState, FIND_STATE, id)
  }

  insertRun(run: FlowRun, states: readonly State[]): void {
    this.#cache.runs.written(run.id)
    this.writing((statements) => insertRun(statements, run, states))
    this.#read.set(run.id, run)
  }

  updateRun(run: FlowRun, states: readonly State[]): void {
    this.#cache.runs.written(run.id)
    this.writing((statements) => updateRun(statements, run, states, this.#read.get(run.id)))
    this.#read.set(run.id, run)
  }

  deleteRun(id: string): void {
    this.#cache.runs.written(id)
    this.writing((statements) => removeRun(statements, id))
    this.#read.delete(id)
  }

  saveRunResult(runId: string, result: Json): void {
    this.write(SAVE_RUN_RESULT, runId, toJson(result))
  }

  async findRunResult(runId: string): Promise<Json | undefined> {
    return this.find(
      (row) => JSON.parse(row.result as string) as Json,
      'select result from flow_run_result where flow_run_id = ?',
      runId,
    )
  }

  async findRunsOfSession(sessionId: string): Promise<readonly FlowRun[]> {
    const runs = this.all(toFlowRun, FIND_RUNS_OF_SESSION, sessionId)
    for (const run of runs) this.#remember(run)
    return runs
  }

  async loadWaitingRuns(): Promise<readonly WaitingRun[]> {
    return this.all(toWaitingRun, LOAD_WAITING)
  }

  // What a run reports

  async findTaskRun(id: string, { probablyNew = false } = {}): Promise<TaskRun | undefined> {
    const written = this.#taskRuns.get(id)
    if (written) return written
    if (probablyNew && this.open().absent(TASK_RUN_EXISTS, id)) return undefined
    return this.find(toTaskRun, FIND_TASK_RUN, id)
  }

  async findTaskRunByKey({ flowRunId, taskKey, dynamicKey }: TaskRunKey): Promise<TaskRun | undefined> {
    return this.find(toTaskRun, FIND_TASK_RUN_BY_KEY, flowRunId, dynamicKey, taskKey)
  }

  async findTaskState(id: string): Promise<TaskState | undefined> {
    return this.find((row) => ({ state: toState(row), taskRunId: row.task_run_id as string }), FIND_TASK_STATE, id)
  }

  saveTaskRun(taskRun: TaskRun, state: State, runCount = taskRun.runCount): void {
    this.#taskRuns.set(taskRun.id, taskRun)
    this.writing((statements) => {
      saveTaskRun(statements, taskRun)
      insertTaskState(statements, taskRun.id, state, runCount)
    })
  }

  insertTaskState(taskRunId: string, state: State, runCount: number): void {
    this.writing((statements) => insertTaskState(statements, taskRunId, state, runCount))
  }

  deleteTaskRun(id: string): void {
    this.#taskRuns.delete(id)
    this.writing((statements) => removeTaskRun(statements, id))
  }

  insertTaskResult(runId: string, taskKey: string, dynamicKey: string, result: Json): void {
    this.write(
      'insert into task_result (flow_run_id, task_key, dynamic_key, result) values (?,?,?,?) on conflict do nothing',
      ...[runId, taskKey, dynamicKey, toJson(result)],
    )
  }

  async loadTaskResults(runId: string): Promise<readonly RecordedResult[]> {
    return this.all(toRecordedResult, 'select * from task_result where flow_run_id = ? order by task_key, dynamic_key', runId)
  }

  insertLog({ id, flowRunId, taskRunId, name, level, message, at }: Log): void {
    this.write(
      'insert into log (id, flow_run_id, task_run_id, name, level, message, at) values (?,?,?,?,?,?,?) on conflict do nothing',
      ...[id, flowRunId, taskRunId, name, level, message, at],
    )
  }

  async insertChunk({ flowRunId, attempt, n, text }: Chunk): Promise<boolean> {
    if (!this.open().absent(FIND_CHUNK, flowRunId, attempt, n)) return false
    this.write('insert into chunk (flow_run_id, attempt, n, text) values (?,?,?,?)', flowRunId, attempt, n, text)
    return true
  }

  // Executors

  async loadSessions(): Promise<readonly SessionRow[]> {
    return this.all(toSession, 'select * from session order by created_at, id')
  }

  async findSession(id: string): Promise<SessionRow | undefined> {
    return this.find(toSession, 'select * from session where id = ?', id)
  }

  saveSession({ id, name, host, pid, boot, createdAt }: SessionRow): void {
    this.write(SAVE_SESSION, id, name, host, pid, boot, createdAt)
  }

  deleteSession(id: string): void {
    this.write('delete from session where id = ?', id)
  }

  // Hooks

  async findHook(name: string): Promise<Hook | undefined> {
    return this.find(toHook, 'select * from hook where name = ?', name)
  }

  saveHook({ id, name, event, secret, createdAt }: Hook): void {
    this.write(SAVE_HOOK, id, name, event, secret, createdAt)
  }

  deleteHook(name: string): void {
    this.write('delete from hook where name = ?', name)
  }

  // Retention

  async removeOld(before: RemoveBefore, place: SweepPlace, rowsMax: number): Promise<Bite> {
    const wrote = this.wrote
    this.#cache.runs.anyWritten()
    const bite = this.writing((statements) => removeOld(statements, before, place, rowsMax))
    // A look that found nothing need not wait for the disk.
    this.wrote = wrote || Object.values(bite.removed).some((rows) => rows > 0)
    return bite
  }
}
