/** Lists and counts of events, as Prefect's clients ask for them. */
import { AppError, type EventCountWire, MICROS_PER_SECOND, type Micros, parseIso, toIso } from '@pilotflame/core'
import { type BodyOf, EVENT_PAGE_MAX, type RouteKey, requestError, subscription, validate } from '@pilotflame/core/contract'
import type { EventPage, EventPlace } from '../../store/event-queries.ts'
import { type Exchange, type Handlers, param } from '../exchange.ts'
import { parseJson } from '../read-body.ts'
import { type Reply, text, value } from '../replies.ts'

type Filter = BodyOf<'POST /events/count-by/{countable}'>['filter']

const DAY_MICROS = 86_400 * MICROS_PER_SECOND
/** Prefect's figure: so far back is looked where the filter does not say. */
const LOOK_BACK_DAYS = 180

/** The filter with its moments: they stay the same from page to page. */
function settled(
  filter: Filter,
  now: Micros,
): Filter & { readonly occurred: { readonly since: string; readonly until: string } } {
  const since = now - (now % DAY_MICROS) - LOOK_BACK_DAYS * DAY_MICROS
  return { ...filter, occurred: { since: filter.occurred?.since ?? toIso(since), until: filter.occurred?.until ?? toIso(now) } }
}

/** What the next page is asked with. */
interface PageToken {
  readonly filter: Filter
  readonly limit: number
  readonly after: EventPlace
}

const encode = (token: PageToken): string => Buffer.from(JSON.stringify(token)).toString('base64url')

function decode(token: string): PageToken {
  try {
    const { filter, limit, after } = parseJson(Buffer.from(token, 'base64url')) as PageToken
    const checked = validate(subscription, { type: 'filter', filter })
    if (Number.isInteger(limit) && Number.isInteger(after.at) && typeof after.id === 'string') {
      return { filter: checked.filter, limit: Math.min(limit, EVENT_PAGE_MAX), after: { at: after.at, id: after.id } }
    }
  } catch {} // said below
  const faults = [
    { loc: ['query', 'page-token'], msg: 'is none that this server gave; ask for the first page again', type: 'value' },
  ]
  throw requestError(faults)
}

/** What every exchange has. */
type Asked = Pick<Exchange<RouteKey>, 'context' | 'request'>

/** The address of the next page, as this caller knows the server. */
function nextPage({ request }: Asked, token: PageToken): string {
  const host = request.headers.host ?? `${request.socket.localAddress}:${request.socket.localPort}`
  return `http://${host}/api/events/filter/next?page-token=${encode(token)}`
}

async function listPage(exchange: Asked, asked: Omit<PageToken, 'after'> & { readonly after?: EventPlace }): Promise<Reply> {
  const { filter, limit } = asked
  const page: EventPage = await exchange.context.app.store.read.events(asked)
  const last = page.events.at(-1)
  const next = page.hasMore && last ? nextPage(exchange, { filter, limit, after: { at: last.at, id: last.id } }) : null
  const events = page.events.map((event) => event.text).join(',')
  return text(`{"events":[${events}],"total":${page.total},"next_page":${JSON.stringify(next)}}`)
}

const UNIT_MICROS = { week: 7 * DAY_MICROS, day: DAY_MICROS, hour: 3_600_000_000, minute: 60_000_000, second: MICROS_PER_SECOND }
/** Spans of time are counted from a Monday on, as in Prefect: 2024-04-01. */
const FIRST_MONDAY: Micros = 1_711_929_600 * MICROS_PER_SECOND
const SPANS_MAX = 1_000

async function countByTime({ context }: Asked, filter: Filter, spanMicros: Micros): Promise<EventCountWire[]> {
  const { store, clock } = context.app
  const now = clock.now()
  const whole = settled(filter, now)
  const since = parseIso(whole.occurred.since) ?? now
  const until = Math.min(parseIso(whole.occurred.until) ?? now, now)
  const first = Math.floor((since - FIRST_MONDAY) / spanMicros)
  const from = FIRST_MONDAY + first * spanMicros
  const spans = Math.max(0, Math.ceil((until - from) / spanMicros))
  if (spans > SPANS_MAX) {
    const msg = `makes ${spans} spans of time; at most ${SPANS_MAX} are counted. Take a longer one, or a shorter range.`
    throw requestError([{ loc: ['time_interval'], msg, type: 'too_many' }])
  }
  const counted = await store.read.countEvents({ filter: whole, by: { spanMicros, from } })
  const byValue = new Map(counted.map((one) => [one.value, one.count]))
  return Array.from({ length: spans }, (_, index) => {
    const start = toIso(from + index * spanMicros)
    const end = toIso(from + (index + 1) * spanMicros - 1)
    return { value: String(index), label: start, count: byValue.get(String(index)) ?? 0, start_time: start, end_time: end }
  })
}

export const eventListRoutes: Handlers<'POST /events/filter' | 'GET /events/filter/next' | 'POST /events/count-by/{countable}'> =
  {
    'POST /events/filter'(exchange) {
      const { filter, limit = EVENT_PAGE_MAX } = exchange.body
      return listPage(exchange, { filter: settled(filter ?? {}, exchange.context.app.clock.now()), limit })
    },

    'GET /events/filter/next'(exchange) {
      return listPage(exchange, decode(exchange.query['page-token']))
    },

    async 'POST /events/count-by/{countable}'(exchange) {
      const { context, body } = exchange
      const { filter, time_unit = 'day', time_interval = 1 } = body
      const countable = param(exchange, 'countable')
      if (countable === 'day') return value(await countByTime(exchange, filter, DAY_MICROS))
      if (countable === 'time') {
        return value(await countByTime(exchange, filter, Math.round(UNIT_MICROS[time_unit] * time_interval)))
      }
      if (countable !== 'event' && countable !== 'resource') {
        throw new AppError('invalid_request', `Events are counted by day, time, event or resource, not by ${countable}.`)
      }
      const counted = await context.app.store.read.countEvents({
        filter: settled(filter, context.app.clock.now()),
        by: countable,
      })
      const sorted = [...counted].sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1))
      return value(
        sorted.map(({ value: counts, label, count, first, last }): EventCountWire => {
          return { value: counts, label, count, start_time: toIso(first), end_time: toIso(last) }
        }),
      )
    },
  }
