/** `/api/events/out`: events for Prefect's subscribers; how they are told stands in `live.ts`. */
import { compileEventFilter, MICROS_PER_SECOND, type Micros, parseIso, toIso } from '@pilotflame/core'
import { type BodyOfSubscription, subscription, validate } from '@pilotflame/core/contract'
import type { App } from '../app.ts'
import type { EventPlace } from '../store/event-queries.ts'
import type { Message, SourceOf } from './live.ts'

/** Prefect's figure: so far back a subscriber is told. */
const BACKFILL_MICROS = 15 * 60 * MICROS_PER_SECOND
const PAGE_EVENTS = 5_000

type Filter = BodyOfSubscription['filter']

export const eventsOut =
  (app: App): SourceOf =>
  (message) => {
    const { filter: given, backfill = true } = validate(subscription, message)
    const filter = clamp(given, app.clock.now())
    const compiled = compileEventFilter(filter)
    return {
      watch: (see) => app.feed.watch({ filter: compiled, see: ({ id }, text) => see({ id, text }) }),
      async *past() {
        if (backfill) yield* pastOf(app, filter)
      },
    }
  }

/** No more than a while back, oldest first, and without an end where none was given. */
function clamp(filter: Filter, now: Micros): Filter {
  const earliest = now - BACKFILL_MICROS
  const since = Math.max(earliest, parseIso(filter.occurred?.since ?? '') ?? earliest)
  return { ...filter, occurred: { ...filter.occurred, since: toIso(since) }, order: 'ASC' }
}

async function* pastOf({ store }: App, filter: Filter): AsyncIterable<readonly Message[]> {
  let after: EventPlace | undefined
  for (;;) {
    const page = await store.read.events({ filter, limit: PAGE_EVENTS, ...(after ? { after } : {}) })
    yield page.events.map(({ id, text }) => ({ id, text: `{"type":"event","event":${text}}` }))
    const last = page.events.at(-1)
    if (!page.hasMore || !last) return
    after = { at: last.at, id: last.id }
  }
}
