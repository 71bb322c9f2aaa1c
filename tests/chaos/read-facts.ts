/** What a round has left behind: in the database, and in the file of side effects. */
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { EffectLine, RunFacts } from './check.ts'

type Row = Record<string, unknown>

export interface Database {
  verdicts(events: readonly string[]): Map<string, readonly string[]>
  /** `told` is what the viewers of each run were told. */
  runs(events: readonly string[], told: ReadonlyMap<string, readonly string[]>): Map<string, RunFacts>
  /** Runs, of whatever event, that have not ended. */
  unfinished(): readonly string[]
  /** `ok`, or what is broken in the file. */
  integrity(): string
  close(): void
}

/** A second connection to the database, for reading alone. */
export function openForReading(path: string): Database {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  const all = (sql: string, ...values: string[]): Row[] => db.prepare(sql).all(...values)
  const text = (row: Row | undefined, name: string): string => String(row?.[name])

  const startedBy = (event: string): readonly string[] | undefined => {
    const verdicts = all('select outcome from verdict where event_id = ?', event)
    if (verdicts.length === 0) return undefined
    const outcomes = verdicts.map((row) => JSON.parse(text(row, 'outcome')) as { runs?: { runId: string }[] })
    return outcomes.flatMap(({ runs = [] }) => runs.map(({ runId }) => runId))
  }

  const runOf = (id: string, event: string, told: readonly string[]): RunFacts | undefined => {
    if (all('select 1 from flow_run where id = ?', id).length === 0) return undefined
    const states = all('select type, name, at from flow_run_state where flow_run_id = ? order by at, id', id)
    const recorded = all('select dynamic_key, result from task_result where flow_run_id = ?', id)
    const [result] = all('select result from flow_run_result where flow_run_id = ?', id)
    const cancelled = states.find(({ type }) => type === 'CANCELLED')
    return {
      id,
      event,
      cancelledAtMs: cancelled ? Number(cancelled.at) / 1000 : null,
      states: states.map((row) => `${text(row, 'type')}/${text(row, 'name')}`),
      recorded: new Map(recorded.map((row) => [text(row, 'dynamic_key'), JSON.parse(text(row, 'result')) as string])),
      told,
      result: result === undefined ? null : (JSON.parse(text(result, 'result')) as string[]),
    }
  }

  return {
    verdicts: (events) =>
      new Map(
        events
          .map((event) => [event, startedBy(event)] as const)
          .filter((pair): pair is [string, readonly string[]] => pair[1] !== undefined),
      ),
    runs(events, told) {
      const found = new Map<string, RunFacts>()
      for (const event of events) {
        for (const id of startedBy(event) ?? []) {
          const run = runOf(id, event, told.get(id) ?? [])
          if (run) found.set(id, run)
        }
      }
      return found
    },
    unfinished: () =>
      all('select id, state_name from flow_run where end_at is null').map(
        (row) => `${text(row, 'id')} (${text(row, 'state_name')})`,
      ),
    integrity: () => text(all('pragma integrity_check')[0], 'integrity_check'),
    close: () => db.close(),
  }
}

/** A line that a kill cut in the middle is none: its effect was not done. */
export function readEffects(path: string): EffectLine[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line.startsWith('{') && line.endsWith('}')).map((line) => JSON.parse(line) as EffectLine)
}
