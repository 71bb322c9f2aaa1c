/** Wire → store: what the listing routes ask the reader for. */
import { AppError, parseIso } from '@pilotflame/core'
import { PAGE_MAX } from '@pilotflame/core/contract'
import type { Criteria } from '../store/filters/criteria.ts'
import type { HistorySpan, Page } from '../store/store.ts'

type Given = number | null | undefined

export const pageOf = ({ limit, offset }: { limit?: Given; offset?: Given }): Page => ({
  limit: limit ?? PAGE_MAX,
  offset: offset ?? 0,
})

/** A page by its number, from 1 on. */
export interface NumberedPage extends Page {
  readonly page: number
}

export function numberedPageOf({ limit, page }: { limit?: Given; page?: Given }): NumberedPage {
  const [size, number] = [limit ?? PAGE_MAX, page ?? 1]
  return { limit: size, offset: (number - 1) * size, page: number }
}

/** Prefect's page of results, around a list that is JSON already. */
export function pageJson(results: string, count: number, { limit, page }: NumberedPage): string {
  const pages = limit === 0 ? 0 : Math.ceil(count / limit)
  return `{"results":${results},${JSON.stringify({ count, limit, pages, page }).slice(1)}`
}

/** The filters of a body, without what else is in it: the reader is on another thread. */
export const criteriaOf = ({ flows, flow_runs, task_runs, deployments }: Criteria): Criteria => ({
  flows,
  flow_runs,
  task_runs,
  deployments,
})

/** Prefect answers 500 intervals at most. */
const INTERVALS_MAX = 500

interface HistoryBody {
  readonly history_start: string
  readonly history_end: string
  readonly history_interval_seconds: number
}

export function historySpanOf({ history_start, history_end, history_interval_seconds }: HistoryBody): HistorySpan {
  const [start, end] = [parseIso(history_start), parseIso(history_end)]
  if (start === undefined || end === undefined) throw new AppError('invalid_request', 'The history needs two moments.')
  const intervalMicros = Math.round(history_interval_seconds * 1_000_000)
  const intervals = Math.min(INTERVALS_MAX, Math.max(0, Math.ceil((end - start) / intervalMicros)))
  return { start, intervalMicros, intervals }
}
