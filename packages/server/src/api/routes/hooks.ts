/** Hooks: made, listed, deleted, and their deliveries taken in as events. */
import type { IncomingMessage } from 'node:http'
import { AppError, hookToWire, isAppError, isObject, type Parameters } from '@pilotflame/core'
import { EVENT_BYTES_MAX, HOOK_NAME } from '@pilotflame/core/contract'
import { checkSignature } from '../../auth/signature.ts'
import type { Hook } from '../../store/store.ts'
import { type Handlers, type HttpContext, param } from '../exchange.ts'
import { parseJson, readBody } from '../read-body.ts'
import { EMPTY, text, value } from '../replies.ts'
import { uuidV5 } from '../uuid-v5.ts'

const header = (request: IncomingMessage, name: string): string | undefined => {
  const found = request.headers[name]
  return Array.isArray(found) ? found[0] : found
}

/** How services name a delivery, so that one sent twice is one event. */
const DELIVERY_HEADERS = ['webhook-id', 'x-github-delivery', 'x-delivery-id', 'idempotency-key'] as const

function deliveryOf(request: IncomingMessage): string | undefined {
  for (const name of DELIVERY_HEADERS) {
    const id = header(request, name)
    if (id) return id
  }
  return undefined
}

/** Any JSON, form or text as an object: other JSON and text stand under `body`. */
export function payloadOf(contentType: string, bytes: Buffer): Parameters {
  if (/^application\/x-www-form-urlencoded/i.test(contentType)) return formOf(bytes.toString('utf8'))
  const text = bytes.toString('utf8')
  if (text.trim() === '') return {}
  if (/json/i.test(contentType)) return wrap(parseJson(bytes))
  try {
    return wrap(parseJson(withoutMark(bytes)))
  } catch (error) {
    if (isAppError(error) && error.code !== 'invalid_json') throw error
    return { body: text }
  }
}

/** Some programs put a byte order mark in front of their text. */
const withoutMark = (bytes: Buffer): Buffer => (bytes.indexOf('\uFEFF') === 0 ? bytes.subarray(3) : bytes)

const wrap = (json: unknown): Parameters => (isObject(json) ? json : { body: json })

/** A field that comes more than once becomes a list. */
function formOf(body: string): Parameters {
  const fields = new URLSearchParams(body)
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const all = fields.getAll(name)
      return [name, all.length === 1 ? all[0] : all]
    }),
  )
}

function eventIdOf(context: HttpContext, hook: Hook, request: IncomingMessage): string {
  const delivery = deliveryOf(request)
  return delivery === undefined ? context.app.random.uuid() : uuidV5(hook.id, delivery)
}

/** A delivery; its door is the hook's signature. Answers after the flush (I5). */
export async function receiveDelivery(
  context: HttpContext,
  request: IncomingMessage,
  name: string,
): Promise<{ event_id: string }> {
  const { app, settings } = context
  const { hook, secret } = await app.hooks.open(name)
  const limit = Math.min(settings.bodyBytesMax, EVENT_BYTES_MAX)
  const { bytes, receivedMark } = await readBody(request, limit, app.clock)
  if (secret) {
    const signed = {
      id: header(request, 'webhook-id'),
      timestamp: header(request, 'webhook-timestamp'),
      signature: header(request, 'webhook-signature'),
      body: bytes,
    }
    checkSignature(secret, signed, app.clock.now() / 1_000_000)
  }
  const id = eventIdOf(context, hook, request)
  const event = {
    id,
    occurred: app.clock.now(),
    event: hook.event,
    resource: { 'prefect.resource.id': `pilotflame.hook.${hook.name}`, 'prefect.resource.name': hook.name },
    related: [],
    payload: payloadOf(request.headers['content-type'] ?? '', bytes),
    follows: null,
  }
  await app.intake.accept([event], receivedMark)
  return { event_id: id }
}

export const hookRoutes: Handlers<'POST /hooks' | 'GET /hooks' | 'DELETE /hooks/{name}' | 'POST /hooks/{name}'> = {
  async 'POST /hooks'({ context, body }) {
    const { name, event, signed = true } = body
    const { hook, secret } = await context.app.hooks.create({ name, signed, ...(event === undefined ? {} : { event }) })
    return value({ ...hookToWire(hook), secret, path: `/api/hooks/${hook.name}` })
  },

  async 'GET /hooks'({ context }) {
    return text(await context.app.store.read.hooks())
  },

  async 'DELETE /hooks/{name}'(exchange) {
    await exchange.context.app.hooks.delete(param(exchange, 'name'))
    return EMPTY
  },

  async 'POST /hooks/{name}'(exchange) {
    const name = param(exchange, 'name')
    if (!HOOK_NAME.test(name)) throw new AppError('hook_not_found', `There is no hook ${JSON.stringify(name)}.`)
    return value(await receiveDelivery(exchange.context, exchange.request, name))
  },
}
