/** Events: taken in on the hot path, and what became of them. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, eventToWire, verdictToWire } from '@pilotflame/core'
import { checkEvents, EVENT_BYTES_MAX, requestError, type TooLarge } from '@pilotflame/core/contract'
import type { IncomingEvent } from '../../app.ts'
import { type Handlers, type HttpContext, param } from '../exchange.ts'
import { checkContentType, parseJson, readBody } from '../read-body.ts'
import { value } from '../replies.ts'

function eventTooLarge({ loc: [place], bytes }: TooLarge, faults: AppError['faults']): AppError {
  const which = place === undefined ? 'The event' : `Event ${Number(place) + 1} of the list`
  const message = `${which} has ${bytes} bytes; at most ${EVENT_BYTES_MAX} are allowed. Keep large values elsewhere, and send where they are.`
  return new AppError('payload_too_large', message, { faults, facts: { limit_bytes: EVENT_BYTES_MAX, body_bytes: bytes } })
}

/** The events of a body; throws with every fault of it. */
export function eventsOf(context: HttpContext, body: unknown, bytes: number): readonly IncomingEvent[] {
  const checked = checkEvents(body, bytes)
  if (!checked.ok) throw checked.tooLarge ? eventTooLarge(checked.tooLarge, checked.faults) : requestError(checked.faults)
  if (checked.unknownFields.length > 0) {
    context.log(
      'warning',
      `an event has fields that are not known here, and was taken without them: ${[...new Set(checked.unknownFields)].join(', ')}`,
    )
  }
  return checked.events
}

/** `POST /api/events`, apart from the other routes because nothing may slow it down. Answers after the flush (I5). */
export async function postEvents(context: HttpContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { app, settings } = context
  const { bytes, receivedMark } = await readBody(request, settings.bodyBytesMax, app.clock)
  checkContentType(request, bytes.length)
  const events = eventsOf(context, parseJson(bytes), bytes.length)
  if (events.length > 0) await app.intake.accept(events, receivedMark)
  response.writeHead(204).end()
}

export const eventNotFound = (id: string): AppError =>
  new AppError('event_not_found', `There is no event ${id}. Its id is the one it was sent with.`)

export const eventRoutes: Handlers<'GET /events/{id}' | 'GET /events/{id}/verdicts' | 'GET /events/{id}/why/{automation_id}'> = {
  async 'GET /events/{id}'(exchange) {
    const id = param(exchange, 'id')
    const event = await exchange.context.app.store.find.findEvent(id)
    if (!event) throw eventNotFound(id)
    return value(eventToWire(event))
  },

  async 'GET /events/{id}/verdicts'(exchange) {
    const id = param(exchange, 'id')
    const { store } = exchange.context.app
    const verdicts = await store.read.verdicts(id)
    if (verdicts.length === 0 && !(await store.find.findEvent(id))) throw eventNotFound(id)
    return value(verdicts.map(verdictToWire))
  },

  async 'GET /events/{id}/why/{automation_id}'(exchange) {
    return value(await exchange.context.app.automations.why(param(exchange, 'id'), param(exchange, 'automation_id')))
  },
}
