/** Holds a whole database against the books: every run, state, event, verdict, chunk, result, bucket and session. */
import { DatabaseSync } from 'node:sqlite'
import { resultKey } from './books.ts'
import type { World } from './world.ts'

type Row = Record<string, unknown>

export function checkImage(world: World, image: Uint8Array, when: string): void {
  const database = new DatabaseSync(':memory:')
  database.deserialize(image)
  try {
    const rows = (sql: string): Row[] => database.prepare(sql).all() as Row[]
    compare(world, `runs ${when}`, rows(RUNS).map(joined), runs(world))
    compare(world, `states ${when}`, rows(STATES).map(joined), states(world))
    compare(world, `events ${when}`, rows('select id from event').map(joined), [...world.ledger.books.events.keys()])
    compare(world, `verdicts ${when}`, rows('select event_id, automation_id, outcome from verdict').map(joined), verdicts(world))
    compare(world, `chunks ${when}`, rows('select flow_run_id, attempt, n, text from chunk').map(joined), chunks(world))
    compare(
      world,
      `results of tasks ${when}`,
      rows(RESULTS).map(({ id, task }) => resultKey(String(id), String(task))),
      [...world.ledger.books.taskResults.keys()],
    )
    compare(world, `buckets ${when}`, rows('select trigger_id, key, count from automation_bucket').map(joined), buckets(world))
    compare(world, `sessions ${when}`, rows('select id from session').map(joined), [...world.ledger.books.sessions])
  } finally {
    database.close()
  }
}

const RUNS = 'select id, state_id, state_type, epoch, session_id, run_count from flow_run'
// A state is its event (I4): it has to name what came before it.
const STATES = 'select flow_run_id, id, name, follows from flow_run_state'
const RESULTS = "select flow_run_id as id, task_key || ' ' || dynamic_key as task from task_result"

const joined = (row: Row): string => Object.values(row).join(' ')

function* runs(world: World): Iterable<string> {
  for (const { run } of world.ledger.books.runs.values()) {
    yield [run.id, run.state.id, run.state.type, run.epoch, run.sessionId, run.runCount].join(' ')
  }
}

function* states(world: World): Iterable<string> {
  for (const [id, book] of world.ledger.books.runs) {
    for (const state of book.states) yield [id, state.id, state.name, state.follows].join(' ')
  }
}

function* verdicts(world: World): Iterable<string> {
  for (const [id, list] of world.ledger.books.verdicts) {
    for (const { automationId, outcome } of list) yield [id, automationId, JSON.stringify(outcome)].join(' ')
  }
}

function* chunks(world: World): Iterable<string> {
  for (const { flowRunId, attempt, n, text } of world.ledger.books.chunks.values()) yield [flowRunId, attempt, n, text].join(' ')
}

function* buckets(world: World): Iterable<string> {
  for (const [key, { count }] of world.ledger.books.buckets) yield `${key} ${count}`
}

function compare(world: World, what: string, found: readonly string[], wanted: Iterable<string>): void {
  const left = new Set(found)
  if (left.size !== found.length) world.violated('database', `${what}: something is there twice`)
  for (const one of wanted) if (!left.delete(one)) world.violated('database', `${what}: missing is ${one}`)
  const [more] = left
  if (more !== undefined) world.violated('database', `${what}: nobody wrote ${more}`)
}
