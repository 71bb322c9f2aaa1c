/** One request of the client: its address, its headers, and its errors as AppErrors. */

import { AppError, ERRORS, type ErrorCode, type Fault } from '../errors.ts'
import { isObject } from '../json.ts'
import { utf8 } from '../utf8.ts'

// What every runtime has, and no library of the language declares.
declare const btoa: (binary: string) => string

/** What is needed of an AbortSignal. */
export interface Signal {
  readonly aborted: boolean
}

export interface FetchResponse {
  readonly ok: boolean
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: AsyncIterable<Uint8Array> | null
  text(): Promise<string>
}

export interface FetchInit {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly signal?: Signal
}

export interface ClientOptions {
  /** Such as `http://127.0.0.1:4200/api`. */
  readonly apiUrl: string
  /** `user:password` of a server that asks for it. */
  readonly authString?: string | null
  /** The runtime's `fetch`. */
  fetch(url: string, init: FetchInit): Promise<FetchResponse>
  /** Waits before a stream is opened again. Default: no wait. */
  pause?(delayMs: number): Promise<void>
}

export interface Request {
  readonly method: string
  /** With its query, below the API's address. */
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: Signal
}

const basic = (authString: string): string => `Basic ${btoa(String.fromCharCode(...utf8(authString)))}`

/** Sends it, and gives the answer back when it is a good one. */
export async function send(options: ClientOptions, request: Request): Promise<FetchResponse> {
  const headers: Record<string, string> = { accept: 'application/json', ...request.headers }
  if (request.body !== undefined) headers['content-type'] = 'application/json'
  if (options.authString) headers.authorization = basic(options.authString)
  const init: FetchInit = {
    method: request.method,
    headers,
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  }
  const response = await options.fetch(`${base(options)}${request.path}`, init).catch((cause: unknown) => {
    if (request.signal?.aborted) throw cause
    throw unreachable(options.apiUrl, cause)
  })
  if (!response.ok) throw await errorOf(response)
  return response
}

const base = ({ apiUrl }: ClientOptions): string => apiUrl.replace(/\/+$/, '')

export const unreachable = (apiUrl: string, cause: unknown): AppError =>
  new AppError(
    'server_unreachable',
    `No server answers at ${apiUrl}. Start one with "pilot server start", or name another with PILOTFLAME_API_URL.`,
    { cause, facts: { api_url: apiUrl } },
  )

/** Codes for servers that send none, such as Prefect's own. */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request',
  401: 'unauthorized',
  403: 'forbidden_origin',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'invalid_request',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'invalid_request',
  429: 'too_many_events',
  501: 'not_implemented',
  503: 'shutting_down',
}

async function errorOf(response: FetchResponse): Promise<AppError> {
  const text = await response.text().catch(() => '')
  const answer = parse(text)
  const retryAfter = Number(response.headers.get('retry-after'))
  const known = typeof answer.code === 'string' && answer.code in ERRORS
  const code = known ? (answer.code as ErrorCode) : (BY_STATUS[response.status] ?? 'internal')
  const said = answer.exception_message ?? answer.detail
  const message = typeof said === 'string' ? said : `The server answered ${response.status}: ${text.slice(0, 200)}`
  const { code: _, exception_message, exception_detail, ...facts } = answer
  return new AppError(code, message, {
    faults: Array.isArray(exception_detail) ? (exception_detail as Fault[]) : [],
    facts,
    ...(retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {}),
  })
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}
