/** Answers: JSON with its length, and errors with code, sentence and faults in Prefect's manner. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, ERRORS, isAppError } from '@pilotflame/core'

/** What a handler gives back: a value, finished JSON text, or nothing because it has answered by itself. */
export type Reply =
  | { readonly kind: 'value'; readonly value: unknown; readonly status?: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'taken' }

export const value = (given: unknown, status?: number): Reply =>
  status === undefined ? { kind: 'value', value: given } : { kind: 'value', value: given, status }
/** JSON that the reader has made. */
export const text = (json: string): Reply => ({ kind: 'text', text: json })
export const EMPTY: Reply = { kind: 'empty' }
export const TAKEN: Reply = { kind: 'taken' }

export function sendJson(response: ServerResponse, status: number, json: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
    ...headers,
  })
  response.end(json)
}

export function sendReply(response: ServerResponse, reply: Reply, status: number): void {
  if (reply.kind === 'value') sendJson(response, reply.status ?? status, JSON.stringify(reply.value))
  else if (reply.kind === 'text') sendJson(response, status, reply.text)
  else if (reply.kind === 'empty') {
    if (status === 204) response.writeHead(204).end()
    // Prefect answers `null` where it has nothing to say and the status allows a body.
    else sendJson(response, status, 'null')
  }
}

/** An error that was not foreseen says nothing of the inside to the outside. */
export const asAppError = (error: unknown): AppError =>
  isAppError(error)
    ? error
    : new AppError('internal', 'Something went wrong inside the server. Its log has the details.', { cause: error })

/** The JSON of an error. */
export function errorBody(error: AppError): Record<string, unknown> {
  const { http, retryable } = ERRORS[error.code]
  return {
    code: error.code,
    exception_message: error.message,
    ...(error.faults.length > 0 || http === 422 ? { exception_detail: error.faults } : {}),
    // Prefect's client shows this one where it has a sentence of its own around it.
    ...(http === 409 || http === 501 ? { detail: error.message } : {}),
    retryable,
    ...error.facts,
  }
}

export function sendError(request: IncomingMessage, response: ServerResponse, error: AppError): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const headers: Record<string, string> = {}
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds)
  if (error.code === 'unauthorized') headers['www-authenticate'] = 'Basic realm="Pilotflame"'
  if (error.code === 'method_not_allowed') headers.allow = String(error.facts.allow ?? '')
  // A body that was not read to its end would be taken for the next request.
  if (!request.complete) headers.connection = 'close'
  sendJson(response, ERRORS[error.code].http, JSON.stringify(errorBody(error)), headers)
}
