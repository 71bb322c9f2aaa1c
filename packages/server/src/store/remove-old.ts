/**
 * What retention removes, one bounded bite per transaction: finished runs with all that belongs to them, events that
 * came in with their verdicts, and windows of triggers that ended long ago.
 *
 * A run vanishes at once (its row and its result go first); rows of a large one that are left stand in `removed_run`
 * and go with the next bites, so that nobody ever sees, or starts again, half a run. An event stays while a run that
 * it started has not ended.
 */
import type { Micros } from '@pilotflame/core'
import type { Row, SqlRunner } from './statements.ts'

/** Everything that ended, or came in, before these moments is removed. */
export interface RemoveBefore {
  readonly runs: Micros
  readonly events: Micros
}

export const REMOVED_KINDS = [
  'flow_runs',
  'flow_run_states',
  'results',
  'task_runs',
  'task_run_states',
  'logs',
  'chunks',
  'events',
  'verdicts',
  'windows',
] as const
export type RemovedKind = (typeof REMOVED_KINDS)[number]
/** How many rows of each kind; the results are those of runs and of tasks. */
export type Removed = Readonly<Record<RemovedKind, number>>

/** Where a sweep over all events and windows has come to. */
export interface SweepPlace {
  readonly event: number
  readonly window: readonly [triggerId: string, key: string]
}
export const SWEEP_START: SweepPlace = { event: 0, window: ['', ''] }

export interface Bite {
  readonly removed: Removed
  /** Where to go on; null when nothing is left. */
  readonly next: SweepPlace | null
}

export const nothingRemoved = (): Record<RemovedKind, number> =>
  Object.fromEntries(REMOVED_KINDS.map((kind) => [kind, 0])) as Record<RemovedKind, number>

const OLD_RUNS = `select id, octet_length(parameters) as bytes from flow_run
  where end_at is not null and end_at < ? order by end_at limit ?`
const RESULT_BYTES = 'select octet_length(result) as bytes from flow_run_result where flow_run_id = ?'
const STATES = 'select id from flow_run_state where flow_run_id = ? limit ?'
const TASK_RUNS = 'select id from task_run where flow_run_id = ? limit ?'
/** What belongs to no flow run goes by its own moments. */
const FREE_TASK_RUNS = "from task_run t where t.flow_run_id = '' and coalesce(t.end_at, t.updated_at) < ?"
const FREE_LOGS = 'from log l where l.flow_run_id is null and l.at < ?'
const TASK_STATES = 'select id from task_run_state where task_run_id = ?'
const REMOVE_LOGS = 'delete from log where id in (select id from log where flow_run_id = ? limit ?)'
const REMOVE_CHUNKS = `delete from chunk where flow_run_id = ?1 and (attempt, n) in
  (select attempt, n from chunk where flow_run_id = ?1 order by attempt, n limit ?2)`
const TASK_RESULTS = 'select task_key, dynamic_key, octet_length(result) as bytes from task_result where flow_run_id = ? limit ?'
const REMOVE_TASK_RESULT = 'delete from task_result where flow_run_id = ? and task_key = ? and dynamic_key = ?'
const EVENTS_AFTER =
  'select rowid as place, id, received, octet_length(payload) as bytes from event where rowid > ? order by rowid limit ?'
/** A run that the event started, and that has not ended. */
export const STARTED_UNFINISHED = `select 1 from verdict v, json_each(v.outcome, '$.runs') started
  join flow_run r on r.id = started.value ->> 'runId' where v.event_id = ? and r.end_at is null limit 1`
/** The runs that the event started may outlive it. Sent again it is a new event, whose runs have the same keys. */
const RELEASE_KEYS = `update flow_run set idempotency_key = null where id in (
  select started.value ->> 'runId' from verdict v, json_each(v.outcome, '$.runs') started where v.event_id = ?)`
const WINDOWS_AFTER = `select b.trigger_id, b.key, b.end_at, coalesce(a.trigger ->> '$.within', 0) > 0 as ends
  from automation_bucket b left join automation a on a.id = b.automation_id
  where (b.trigger_id, b.key) > (?, ?) order by b.trigger_id, b.key limit ?`

/** A large value lies in pages of its own, which are freed one by one: 1 MB takes as long as 100 rows. */
const BYTES_PER_ROW = 10_000
/** Windows of triggers that one bite looks at: they are narrow, and most stay. */
const WINDOWS_MAX = 500

/** Removes rows until `rowsMax` are gone, or looked at, and counts them. */
class Remover {
  readonly #statements: SqlRunner
  readonly removed = nothingRemoved()
  left: number

  constructor(statements: SqlRunner, rowsMax: number) {
    this.#statements = statements
    this.left = rowsMax
  }

  #remove(kind: RemovedKind, sql: string, ...values: (string | number)[]): void {
    const changes = this.#statements.run(sql, ...values)
    this.removed[kind] += changes
    this.left -= changes
  }

  #ids(sql: string, ...values: (string | number)[]): string[] {
    return this.#statements.all(sql, ...values).map(({ id }) => String(id))
  }

  #charge(row: Row | undefined): void {
    this.left -= Math.floor(Number(row?.bytes ?? 0) / BYTES_PER_ROW)
  }

  /** The run itself goes whatever is left; true when its other rows are gone, too. */
  run(id: string): boolean {
    this.#charge(this.#statements.get(RESULT_BYTES, id))
    this.#remove('flow_runs', 'delete from flow_run where id = ?', id)
    this.#remove('results', 'delete from flow_run_result where flow_run_id = ?', id)
    this.#statements.run('delete from run_input where flow_run_id = ?', id)
    return this.rowsOfRun(id)
  }

  rowsOfRun(id: string): boolean {
    this.#states(id)
    this.#taskRuns(id)
    this.#taskResults(id)
    if (this.left > 0) this.#remove('logs', REMOVE_LOGS, id, this.left)
    if (this.left > 0) this.#remove('chunks', REMOVE_CHUNKS, id, this.left)
    return this.left > 0
  }

  /** A state is an event (I4): its verdicts go with it. */
  #states(runId: string): void {
    if (this.left <= 0) return
    for (const id of this.#ids(STATES, runId, this.left)) {
      this.#remove('verdicts', 'delete from verdict where event_id = ?', id)
      this.#remove('flow_run_states', 'delete from flow_run_state where id = ?', id)
    }
  }

  #taskRuns(runId: string): void {
    if (this.left <= 0) return
    for (const id of this.#ids(TASK_RUNS, runId, this.left)) {
      this.taskRun(id)
      if (this.left <= 0) return
    }
  }

  taskRun(id: string): void {
    for (const stateId of this.#ids(TASK_STATES, id)) {
      this.#remove('verdicts', 'delete from verdict where event_id = ?', stateId)
      this.#remove('task_run_states', 'delete from task_run_state where id = ?', stateId)
    }
    this.#remove('task_runs', 'delete from task_run where id = ?', id)
  }

  #taskResults(runId: string): void {
    if (this.left <= 0) return
    for (const row of this.#statements.all(TASK_RESULTS, runId, this.left)) {
      if (this.left <= 0) return
      this.#charge(row)
      this.#remove('results', REMOVE_TASK_RESULT, runId, String(row.task_key), String(row.dynamic_key))
    }
  }

  leftovers(): void {
    for (const { flow_run_id } of this.#statements.all('select flow_run_id from removed_run')) {
      const id = String(flow_run_id)
      if (!this.rowsOfRun(id)) return
      this.#statements.run('delete from removed_run where flow_run_id = ?', id)
    }
  }

  oldRuns(before: Micros): void {
    if (this.left <= 0) return
    for (const row of this.#statements.all(OLD_RUNS, before, this.left)) {
      const id = String(row.id)
      this.#charge(row)
      if (!this.run(id)) this.#statements.run('insert into removed_run (flow_run_id) values (?)', id)
      if (this.left <= 0) return
    }
  }

  oldOfNoRun(before: Micros): void {
    if (this.left <= 0) return
    for (const id of this.#ids(`select t.id ${FREE_TASK_RUNS} limit ?`, before, this.left)) {
      this.taskRun(id)
      if (this.left <= 0) return
    }
    this.#remove('logs', `delete from log where id in (select l.id ${FREE_LOGS} limit ?)`, before, this.left)
  }

  /** Events stand in the order in which they came. Returns the place of the last one that was looked at; null at the end. */
  oldEvents(before: Micros, after: number): number | null {
    const rows = this.#statements.all(EVENTS_AFTER, after, this.left)
    let place = after
    let old = 0
    for (const row of rows) {
      if (this.left <= 0) return place
      place = Number(row.place)
      if (Number(row.received) >= before) continue
      old += 1
      this.left -= 1
      const id = String(row.id)
      if (this.#statements.get(STARTED_UNFINISHED, id)) continue
      this.#charge(row)
      this.#statements.run(RELEASE_KEYS, id)
      this.#remove('verdicts', 'delete from verdict where event_id = ?', id)
      this.#remove('events', 'delete from event where id = ?', id)
    }
    // None of so many is old: nor are those behind them.
    return old === 0 ? null : place
  }

  oldWindows(before: Micros, [triggerId, key]: SweepPlace['window']): SweepPlace['window'] | null {
    const rows = this.#statements.all(WINDOWS_AFTER, triggerId, key, WINDOWS_MAX)
    for (const row of rows) {
      if (row.ends !== 1 || Number(row.end_at) >= before) continue
      this.#remove(
        'windows',
        'delete from automation_bucket where trigger_id = ? and key = ?',
        String(row.trigger_id),
        String(row.key),
      )
    }
    const last = rows.at(-1)
    return last === undefined || rows.length < WINDOWS_MAX ? null : [String(last.trigger_id), String(last.key)]
  }
}

/** How many rows of each kind a whole sweep would remove. A plain count, for a thread that nobody waits for. */
export function countOld(statements: SqlRunner, before: RemoveBefore): Removed {
  const count = (sql: string, value: Micros): number => Number(statements.get(sql, value)?.n ?? 0)
  const ofRuns = (rows: string): number =>
    count(`select count(*) as n from flow_run r cross join ${rows} where r.end_at < ?`, before.runs)
  const events = `from event e where e.received < ? and not exists (${STARTED_UNFINISHED.replace('?', 'e.id')})`
  const states = 'flow_run_state s on s.flow_run_id = r.id'
  const tasks = 'task_run t on t.flow_run_id = r.id'
  const taskStates = `${tasks} join task_run_state s on s.task_run_id = t.id`
  const verdicts = 'join verdict v on v.event_id = s.id'
  const free = (rows: string): number => count(`select count(*) as n ${rows}`, before.runs)
  const freeTaskStates = FREE_TASK_RUNS.replace('where', 'join task_run_state s on s.task_run_id = t.id where')
  return {
    flow_runs: count('select count(*) as n from flow_run where end_at < ?', before.runs),
    flow_run_states: ofRuns(states),
    results: ofRuns('flow_run_result x on x.flow_run_id = r.id') + ofRuns('task_result x on x.flow_run_id = r.id'),
    task_runs: ofRuns(tasks) + free(FREE_TASK_RUNS),
    task_run_states: ofRuns(taskStates) + free(freeTaskStates),
    logs: ofRuns('log l on l.flow_run_id = r.id') + free(FREE_LOGS),
    chunks: ofRuns('chunk c on c.flow_run_id = r.id'),
    events: count(`select count(*) as n ${events}`, before.events),
    verdicts:
      count(`select count(*) as n from verdict v where v.event_id in (select e.id ${events})`, before.events) +
      ofRuns(`${states} ${verdicts}`) +
      ofRuns(`${taskStates} ${verdicts}`) +
      free(freeTaskStates.replace('where', `${verdicts} where`)),
    windows: count(
      `select count(*) as n from automation_bucket b join automation a on a.id = b.automation_id
       where a.trigger ->> '$.within' > 0 and b.end_at < ?`,
      before.events,
    ),
  }
}

/** One bite: at most about `rowsMax` rows are removed or looked at. */
export function removeOld(statements: SqlRunner, before: RemoveBefore, place: SweepPlace, rowsMax: number): Bite {
  const remover = new Remover(statements, rowsMax)
  remover.leftovers()
  remover.oldRuns(before.runs)
  remover.oldOfNoRun(before.runs)
  const { window } = place
  let { event } = place
  while (remover.left > 0) {
    const next = remover.oldEvents(before.events, event)
    if (next === null) break
    event = next
  }
  if (remover.left <= 0) return { removed: remover.removed, next: { event, window } }
  const further = remover.oldWindows(before.events, window)
  return { removed: remover.removed, next: further && { event, window: further } }
}

/** All of one run, at once: somebody asked for it. */
export function removeRun(statements: SqlRunner, id: string): void {
  new Remover(statements, Number.MAX_SAFE_INTEGER).run(id)
}

export function removeTaskRun(statements: SqlRunner, id: string): void {
  new Remover(statements, Number.MAX_SAFE_INTEGER).taskRun(id)
}
