/**
 * `/api/logs/out`: log lines for Prefect's subscribers, such as `prefect deployment run --watch`. They ask for what was
 * logged in the last minute too, which Prefect's own server has no answer for.
 */
import { compileLogFilter, type LogWire, MICROS_PER_SECOND, parseIso, toIso } from '@pilotflame/core'
import { type BodyOfLogSubscription, logSubscription, PAGE_MAX, validate } from '@pilotflame/core/contract'
import type { App } from '../app.ts'
import type { Message, SourceOf } from './live.ts'

/** So far back a subscriber is told. */
const BACKFILL_MICROS = 15 * 60 * MICROS_PER_SECOND

type Filter = BodyOfLogSubscription['filter']

export const logsOut =
  (app: App): SourceOf =>
  (message) => {
    const { filter } = validate(logSubscription, message)
    const wants = compileLogFilter(filter)
    return {
      watch: (see) => app.logs.watch({ wants, see: ({ id }, text) => see({ id, text }) }),
      past: () => pastOf(app, filter),
    }
  }

async function* pastOf({ store, clock }: App, given: Filter): AsyncIterable<readonly Message[]> {
  const earliest = clock.now() - BACKFILL_MICROS
  const after = Math.max(earliest, parseIso(given.timestamp?.after_ ?? '') ?? clock.now())
  // With "or" a moment narrows nothing: only what comes is told then.
  if (given.operator === 'or_') return
  const filter = { ...given, timestamp: { ...given.timestamp, after_: toIso(after) } }
  for (let offset = 0; ; offset += PAGE_MAX) {
    const lines = JSON.parse(await store.read.logs(filter, 'TIMESTAMP_ASC', { limit: PAGE_MAX, offset })) as readonly LogWire[]
    yield lines.map((line) => ({ id: line.id, text: `{"type":"log","log":${JSON.stringify(line)}}` }))
    if (lines.length < PAGE_MAX) return
  }
}
