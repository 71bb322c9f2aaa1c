/** Kysely as a compiler of SQL only: it has no connection, and runs nothing. */
import { DummyDriver, Kysely, type SelectQueryBuilder, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'

interface FlowTable {
  id: string
  name: string
}

interface DeploymentTable {
  id: string
  flow_id: string
  name: string
}

interface FlowRunTable {
  id: string
  name: string
  flow_id: string
  deployment_id: string | null
  state_id: string
  state_type: string
  state_name: string
  tags: string
  expected_start_at: number | null
  next_scheduled_at: number | null
  start_at: number | null
  end_at: number | null
}

interface StateTable {
  id: string
  type: string
  name: string
  at: number
  message: string | null
  data: string | null
  details: string
  scheduled_at: number | null
  follows: string | null
}

interface TaskRunTable {
  id: string
  flow_run_id: string
  state_id: string
}

interface LogTable {
  id: string
  flow_run_id: string | null
  task_run_id: string | null
  level: number
  at: number
}

/** The columns that queries name; the rest comes along with `selectAll`. */
export interface Tables {
  flow: FlowTable
  deployment: DeploymentTable
  flow_run: FlowRunTable
  flow_run_state: StateTable
  task_run: TaskRunTable
  task_run_state: StateTable
  log: LogTable
  automation: FlowTable
}

export const compiler = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** What `toState` reads beside a run `r` or `t` that names its state: the state as `s`. */
export const stateColumns = [
  's.type as state_type',
  's.name as state_name',
  's.at as state_at',
  's.message as state_message',
  's.data as state_data',
  's.details as state_details',
  's.scheduled_at as state_scheduled_at',
  's.follows as state_follows',
] as const

export interface Named {
  readonly ids?: readonly string[]
  readonly names?: readonly string[]
  readonly nameLike?: string
}

/** Prefect's `like_`: anywhere in the text, upper and lower case alike. */
export const likePattern = (text: string): string => `%${text}%`

/** Filters a table with `id` and `name`, known as `t`. */
export function nameFilter<O>(query: SelectQueryBuilder<{ t: FlowTable }, 't', O>, filter: Named): typeof query {
  let filtered = query
  if (filter.ids) filtered = filtered.where('t.id', 'in', filter.ids)
  if (filter.names) filtered = filtered.where('t.name', 'in', filter.names)
  if (filter.nameLike !== undefined) filtered = filtered.where('t.name', 'like', likePattern(filter.nameLike))
  return filtered
}
