/**
 * One request from its first byte to its answer: the door, the route, the body, the handler, the reply.
 * `POST /api/events` goes a shorter way, because nothing may slow it down.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@pilotflame/core'
import { ROUTES, type Route, type RouteKey, unknownFields, validate } from '@pilotflame/core/contract'
import type { Door } from '../auth/door.ts'
import type { Exchange, HttpContext } from './exchange.ts'
import { HANDLERS } from './handlers.ts'
import { sendPage } from './page.ts'
import { checkContentType, parseJson, readBody } from './read-body.ts'
import { asAppError, type Reply, sendError, sendReply } from './replies.ts'
import { findRoute } from './router.ts'
import { postEvents } from './routes/events.ts'

const PREFIX = '/api'
const OLDEST_API_VERSION = [0, 8, 0] as const

/** Bodies that are checked by their own reader, which knows more than the schema. */
const READ_BY_HANDLER: ReadonlySet<RouteKey> = new Set<RouteKey>(['POST /automations/', 'PUT /automations/{id}'])
const OPEN_PATHS: ReadonlySet<string> = new Set(['/health', '/ready'])
const DELIVERY = /^\/hooks\/[^/]+\/?$/

export interface Requests {
  listener(request: IncomingMessage, response: ServerResponse): void
  /** Settles when every request that was taken has its answer. */
  answered(): Promise<void>
}

export function createRequests(context: HttpContext, door: Door): Requests {
  let underWay = 0
  let idle: (() => void)[] = []
  const ended = (): void => {
    underWay -= 1
    if (underWay > 0) return
    for (const resolve of idle) resolve()
    idle = []
  }
  return {
    listener(request, response) {
      underWay += 1
      const handled = isPostEvents(request) ? hot(context, door, request, response) : handle(context, door, request, response)
      handled.then(ended, (error: unknown) => {
        const known = asAppError(error)
        if (known.code === 'internal') context.log('error', `${request.method} ${request.url}: ${describe(error)}`)
        sendError(request, response, known)
        ended()
      })
    },
    answered: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  }
}

/** A server that stops finishes what it has taken, and takes nothing new. */
function checkOpen({ closing }: HttpContext): void {
  if (closing.aborted) throw leaving()
}

export const leaving = (): AppError =>
  new AppError('shutting_down', 'The server is stopping and takes nothing new. Send this again when it is back.', {
    retryAfterSeconds: 1,
  })

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

const isPostEvents = ({ method, url }: IncomingMessage): boolean =>
  method === 'POST' && (url === '/api/events' || url === '/api/events/')

async function hot(context: HttpContext, door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  checkOpen(context)
  door.checkOrigin(request)
  door.checkAuth(request)
  checkApiVersion(request)
  await postEvents(context, request, response)
}

/** A client of another time is told so, rather than misunderstood. */
function checkApiVersion({ headers }: IncomingMessage): void {
  const given = headers['x-prefect-api-version']
  if (given === undefined) return
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(String(given))
  const [major, minor, patch] = OLDEST_API_VERSION
  const number = ([a, b, c]: readonly number[]): number => ((a ?? 0) * 1000 + (b ?? 0)) * 1000 + (c ?? 0)
  if (match && number(match.slice(1).map(Number)) >= number([major, minor, patch])) return
  throw new AppError(
    'unsupported_api_version',
    `X-PREFECT-API-VERSION is ${JSON.stringify(given)}; this server speaks ${major}.${minor}.${patch} and newer. Use a newer client.`,
  )
}

async function handle(context: HttpContext, door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  checkOpen(context)
  const { method = 'GET', url = '/' } = request
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const below = path.startsWith(`${PREFIX}/`) ? path.slice(PREFIX.length) : null
  // A delivery has its own door: the hook's signature.
  if (!(method === 'POST' && below !== null && DELIVERY.test(below))) {
    door.checkOrigin(request)
    if (below === null || !OPEN_PATHS.has(below)) door.checkAuth(request)
  }
  if (below === null) return sendPage(context, request, response, path)
  checkApiVersion(request)
  const { key, params } = findRoute(method, below)
  const route: Route = ROUTES[key]
  const { body, bytes, receivedMark } = await bodyOf(context, request, key, route)
  const query = queryOf(route, mark < 0 ? '' : url.slice(mark + 1))
  const exchange = { context, request, response, params, query, body, bytes, receivedMark }
  const handler = HANDLERS[key] as (exchange: unknown) => Promise<Reply> | Reply
  sendReply(response, await handler(exchange satisfies Record<keyof Exchange<RouteKey>, unknown>), route.success)
}

const NOTHING = Buffer.alloc(0)

async function bodyOf(context: HttpContext, request: IncomingMessage, key: RouteKey, route: Route) {
  const { app, settings } = context
  const { method } = request
  if (key === 'POST /hooks/{name}' || method === 'GET' || method === 'HEAD' || method === 'DELETE') {
    return { body: undefined, bytes: NOTHING, receivedMark: app.clock.monotonic() }
  }
  const { bytes, receivedMark } = await readBody(request, settings.bodyBytesMax, app.clock)
  checkContentType(request, bytes.length)
  if (route.body === undefined) return { body: undefined, bytes, receivedMark }
  const given = bytes.length === 0 && route.bodyOptional ? {} : parseJson(bytes)
  const body = READ_BY_HANDLER.has(key) ? given : validate(route.body, given)
  if (!route.strict) {
    const passedOver = unknownFields(route.body, given)
    if (passedOver.length > 0)
      context.log('warning', `${key}: fields that are not known were passed over: ${passedOver.join(', ')}`)
  }
  return { body, bytes, receivedMark }
}

function queryOf(route: Route, search: string): Record<string, string> {
  const query: Record<string, string> = {}
  if (route.query === undefined) return query
  const given = new URLSearchParams(search)
  for (const [name, need] of Object.entries(route.query)) {
    const one = given.get(name)
    if (one !== null) query[name] = one
    else if (need === 'required') {
      const faults = [{ loc: ['query', name], msg: `${name} is missing`, type: 'missing' }]
      throw new AppError('invalid_request', `The request does not fit: the query parameter ${name} is missing.`, { faults })
    }
  }
  return query
}
