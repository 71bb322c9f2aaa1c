/** Which log lines somebody wants to see as they come: Prefect's LogFilter, compiled once and asked for each line. */
import type { LogFilter } from './api/schemas/filters.ts'
import { parseSearch } from './search-text.ts'
import type { Log } from './task-run.ts'
import { parseIso } from './time.ts'

type Test = (log: Log) => boolean

function compileText(query: string): Test {
  const { any, all, none } = parseSearch(query)
  return ({ message }) => {
    const text = message.toLowerCase()
    return (
      (any.length === 0 || any.some((term) => text.includes(term))) &&
      all.every((term) => text.includes(term)) &&
      !none.some((term) => text.includes(term))
    )
  }
}

const oneOf = (ids: readonly string[]): ((id: string | null) => boolean) => {
  const wanted = new Set(ids.map((id) => id.toLowerCase()))
  return (id) => id !== null && wanted.has(id)
}

function testsOf({ level, timestamp, flow_run_id: flowRun, task_run_id: taskRun, text }: LogFilter): Test[] {
  const tests: Test[] = []
  const { ge_: least, le_: most } = level ?? {}
  if (typeof least === 'number') tests.push((log) => log.level >= least)
  if (typeof most === 'number') tests.push((log) => log.level <= most)
  const after = parseIso(timestamp?.after_ ?? '')
  const before = parseIso(timestamp?.before_ ?? '')
  if (after !== undefined) tests.push(({ at }) => at >= after)
  if (before !== undefined) tests.push(({ at }) => at <= before)
  if (flowRun?.any_) {
    const wanted = oneOf(flowRun.any_)
    tests.push((log) => wanted(log.flowRunId))
  }
  if (taskRun?.any_) {
    const wanted = oneOf(taskRun.any_)
    tests.push((log) => wanted(log.taskRunId))
  }
  if (typeof taskRun?.is_null_ === 'boolean') {
    const { is_null_: none } = taskRun
    tests.push((log) => (log.taskRunId === null) === none)
  }
  if (text) tests.push(compileText(text.query))
  return tests
}

/** A filter that asks for nothing wants every line. */
export function compileLogFilter(filter: LogFilter): Test {
  const tests = testsOf(filter)
  if (filter.operator === 'or_' && tests.length > 0) return (log) => tests.some((test) => test(log))
  return (log) => tests.every((test) => test(log))
}
