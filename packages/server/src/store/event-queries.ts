/**
 * Lists and counts of events. An event is a row of `event`, or the row of a state (I4): the three tables are gone
 * through in bites, with no more of a row than the filter needs, and only the page that was asked for is kept.
 *
 * Nothing is indexed by time, because every event would pay for it. Rows of `event` stand in the order in which they
 * were received, and ids of states are UUIDv7: both say well enough where to begin.
 */
import {
  type CompiledEventFilter,
  compileEventFilter,
  type Event,
  type EventFilter,
  eventToWire,
  type Micros,
} from '@pilotflame/core'
import { toEvent } from './rows.ts'
import { findStateEvent } from './state-events.ts'
import type { Row, SqlRunner } from './statements.ts'

/** A place in the order of events. */
export interface EventPlace {
  readonly at: Micros
  readonly id: string
}

export interface EventQuery {
  readonly filter: EventFilter
  readonly limit: number
  /** Only those behind it, in the filter's order. */
  readonly after?: EventPlace
}

export interface EventPage {
  /** Each as finished JSON. */
  readonly events: readonly (EventPlace & { readonly text: string })[]
  /** How many fit the filter in all. */
  readonly total: number
  readonly hasMore: boolean
}

export interface EventCountQuery {
  readonly filter: EventFilter
  /** What they are counted by: their name, their resource, or spans of time of so many microseconds from `from` on. */
  readonly by: 'event' | 'resource' | { readonly spanMicros: number; readonly from: Micros }
}

export interface EventCount {
  readonly value: string
  readonly label: string
  readonly count: number
  readonly first: Micros
  readonly last: Micros
}

/** What is read of every event that could fit. */
interface Glance extends EventPlace {
  readonly name: string
  readonly resource: string
}

const BITE_ROWS = 2_000
/** An event may have happened so much later than it was received, by the clock of its sender; and a state after its id was made. */
const AHEAD_MICROS = 300_000_000
const LATE_STATE_MICROS = 3_600_000_000

const EVENTS = `select rowid as place, id, occurred as at, event as name, json_extract(resource, '$."prefect.resource.id"') as resource
  from event where rowid >= ? order by rowid limit ${BITE_ROWS}`
const STATES = `select id, at, 'prefect.flow-run.' || name as name, 'prefect.flow-run.' || flow_run_id as resource
  from flow_run_state where id > ? and id <= ? order by id limit ${BITE_ROWS}`
/** A state that came in as an event stands among those. */
const TASK_STATES = `select s.id, s.at, 'prefect.task-run.' || s.name as name, 'prefect.task-run.' || s.task_run_id as resource
  from task_run_state s where s.id > ? and s.id <= ? and not exists (select 1 from event e where e.id = s.id)
  order by s.id limit ${BITE_ROWS}`
const STATES_OF_RUN = `select id, at, 'prefect.flow-run.' || name as name, 'prefect.flow-run.' || flow_run_id as resource
  from flow_run_state where flow_run_id = ?`
const TASK_STATES_OF_RUN = `select s.id, s.at, 'prefect.task-run.' || s.name as name, 'prefect.task-run.' || s.task_run_id as resource
  from task_run_state s where s.task_run_id = ? and not exists (select 1 from event e where e.id = s.id)`

const glanceOf = (row: Row): Glance => row as unknown as Glance

/** The lowest UUIDv7 of this moment. */
function firstIdAt(at: Micros): string {
  const hex = Math.max(0, Math.floor(at / 1_000))
    .toString(16)
    .padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

const LAST_ID = 'g'

/** The first row of `event` that was received at `at` or later: their order is that of their moments. */
function firstRowAt(statements: SqlRunner, at: Micros): number {
  const ends = statements.get('select min(rowid) as low, max(rowid) as high from event')
  let low = Number(ends?.low ?? 0)
  let high = Number(ends?.high ?? 0) + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const row = statements.get('select rowid as place, received from event where rowid >= ? order by rowid limit 1', middle)
    if (row === undefined || Number(row.received) >= at) high = middle
    else low = Number(row.place) + 1
  }
  return low
}

function* incoming(statements: SqlRunner, { since, ids }: CompiledEventFilter): Iterable<Glance> {
  if (ids) return
  let from = since === undefined ? 0 : firstRowAt(statements, since - AHEAD_MICROS)
  for (;;) {
    const rows = statements.all(EVENTS, from)
    for (const row of rows) yield glanceOf(row)
    if (rows.length < BITE_ROWS) return
    from = Number(rows.at(-1)?.place) + 1
  }
}

interface StateTable {
  readonly prefix: string
  readonly all: string
  readonly ofRun: string
}
const STATE_TABLES: readonly StateTable[] = [
  { prefix: 'prefect.flow-run.', all: STATES, ofRun: STATES_OF_RUN },
  { prefix: 'prefect.task-run.', all: TASK_STATES, ofRun: TASK_STATES_OF_RUN },
]

function* states(statements: SqlRunner, filter: CompiledEventFilter, table: StateTable): Iterable<Glance> {
  const { since, until, ids, resourceIds } = filter
  if (ids) return
  if (resourceIds) {
    for (const id of resourceIds) {
      if (!id.startsWith(table.prefix)) continue
      for (const row of statements.all(table.ofRun, id.slice(table.prefix.length))) yield glanceOf(row)
    }
    return
  }
  let from = since === undefined ? '' : firstIdAt(since - LATE_STATE_MICROS)
  const to = until === undefined ? LAST_ID : firstIdAt(until + AHEAD_MICROS)
  for (;;) {
    const rows = statements.all(table.all, from, to)
    for (const row of rows) yield glanceOf(row)
    const last = rows.at(-1)
    if (rows.length < BITE_ROWS || last === undefined) return
    from = String(last.id)
  }
}

function load(statements: SqlRunner, id: string): Event | undefined {
  const row = statements.get('select * from event where id = ?', id)
  return row === undefined ? findStateEvent(statements, id) : toEvent(row)
}

function* named(statements: SqlRunner, { ids }: CompiledEventFilter): Iterable<Glance> {
  for (const id of new Set(ids)) {
    const event = load(statements, id)
    if (event) yield { id, at: event.occurred, name: event.event, resource: event.resource['prefect.resource.id'] ?? '' }
  }
}

/** Every event that fits, in no order. */
function* fitting(statements: SqlRunner, filter: CompiledEventFilter): Iterable<Glance> {
  const { since, until } = filter
  const sources = [
    named(statements, filter),
    incoming(statements, filter),
    ...STATE_TABLES.map((table) => states(statements, filter, table)),
  ]
  for (const source of sources) {
    for (const glance of source) {
      if ((since !== undefined && glance.at < since) || (until !== undefined && glance.at > until)) continue
      if (!filter.wantsName(glance.name) || !filter.wantsResource(glance.resource)) continue
      if (!filter.isShallow) {
        const event = load(statements, glance.id)
        if (!event || !filter.wants(event)) continue
      }
      yield glance
    }
  }
}

const ascending = (a: EventPlace, b: EventPlace): number => a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

export function listEvents(statements: SqlRunner, { filter, limit, after }: EventQuery): EventPage {
  const order = filter.order === 'ASC' ? ascending : (a: EventPlace, b: EventPlace): number => ascending(b, a)
  let best: Glance[] = []
  let total = 0
  let behind = 0
  for (const glance of fitting(statements, compileEventFilter(filter))) {
    total += 1
    if (after && order(glance, after) <= 0) continue
    behind += 1
    best.push(glance)
    if (best.length >= BITE_ROWS + limit) best = best.sort(order).slice(0, limit)
  }
  const page = best.sort(order).slice(0, limit)
  const events = page.flatMap(({ at, id }) => {
    const event = load(statements, id)
    return event ? [{ at, id, text: JSON.stringify(eventToWire(event)) }] : []
  })
  return { events, total, hasMore: behind > page.length }
}

export function countEvents(statements: SqlRunner, { filter, by }: EventCountQuery): readonly EventCount[] {
  const groups = new Map<string, { count: number; first: Micros; last: Micros; latest: Glance }>()
  for (const glance of fitting(statements, compileEventFilter(filter))) {
    const value =
      by === 'event'
        ? glance.name
        : by === 'resource'
          ? glance.resource
          : String(Math.floor((glance.at - by.from) / by.spanMicros))
    const group = groups.get(value)
    if (!group) groups.set(value, { count: 1, first: glance.at, last: glance.at, latest: glance })
    else {
      group.count += 1
      group.first = Math.min(group.first, glance.at)
      if (glance.at >= group.last) Object.assign(group, { last: glance.at, latest: glance })
    }
  }
  return [...groups].map(([value, { count, first, last, latest }]) => {
    const resource = by === 'resource' ? load(statements, latest.id)?.resource : undefined
    const label = resource?.['prefect.resource.name'] ?? resource?.['prefect.name'] ?? value
    return { value, label, count, first, last }
  })
}
