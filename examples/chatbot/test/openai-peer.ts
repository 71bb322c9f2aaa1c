/**
 * A local server that speaks OpenAI's chat-completions stream as strictly as the real one: it refuses what the
 * real one refuses, frames the stream byte for byte, and misbehaves on request.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Behaviour =
  | { readonly kind: 'answer'; readonly pieces: readonly string[]; readonly finish?: 'stop' | 'length' | 'content_filter' }
  | {
      readonly kind: 'refuse'
      readonly status: number
      readonly message: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** Some pieces, and then the connection breaks; or it ends without a finish. */
  | { readonly kind: 'cut'; readonly pieces: readonly string[]; readonly how: 'broken' | 'ended' }
  /** Some pieces, and then an error object in place of the next one. */
  | { readonly kind: 'error-inside'; readonly pieces: readonly string[]; readonly message: string }
  /** One piece, and then nothing until the caller leaves. */
  | { readonly kind: 'stall'; readonly piece: string }

export interface OpenAiPeer {
  readonly baseUrl: string
  /** Bodies of the requests that were well formed. */
  readonly requests: readonly ChatRequest[]
  /** When each request came, in milliseconds of the monotonic clock. */
  readonly times: readonly number[]
  /** Settles when a caller of a stalled stream has left. */
  readonly left: Promise<void>
  close(): Promise<void>
}

export interface ChatRequest {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly stream: true
  readonly stream_options?: { readonly include_usage: boolean }
}

export const KEY = 'sk-test-0123456789'

/** Behaves once in each way, in order; the last one stays. */
export async function startOpenAiPeer(...behaviours: readonly Behaviour[]): Promise<OpenAiPeer> {
  const requests: ChatRequest[] = []
  const times: number[] = []
  const departure = Promise.withResolvers<void>()
  const server = createServer(async (request, response) => {
    const behaviour = behaviours[Math.min(times.length, behaviours.length - 1)]
    times.push(performance.now())
    const checked = check(request, await readBody(request))
    if ('status' in checked) return refuse(response, checked)
    requests.push(checked)
    if (behaviour === undefined) return refuse(response, { status: 500, message: 'no behaviour was given' })
    await behave(response, checked, behaviour)
    response.on('close', () => departure.resolve())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { baseUrl: `http://127.0.0.1:${port}/v1`, requests, times, left: departure.promise, close }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

interface Refusal {
  readonly status: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

function check(request: IncomingMessage, text: string): ChatRequest | Refusal {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
    return { status: 404, message: `Unknown request URL: ${request.method} ${request.url}` }
  if (request.headers.authorization !== `Bearer ${KEY}`) return { status: 401, message: 'Incorrect API key provided.' }
  if (request.headers['content-type'] !== 'application/json')
    return { status: 400, message: 'Content-Type must be application/json.' }
  const fault = faultOf(JSON.parse(text) as Record<string, unknown>)
  return fault === undefined ? (JSON.parse(text) as ChatRequest) : { status: 400, message: fault }
}

const FIELDS = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'temperature',
  'max_tokens',
  'top_p',
  'seed',
  'stop',
  'user',
])
const ROLES = new Set(['system', 'user', 'assistant'])

/** The first thing that the real server would refuse. */
function faultOf(body: Record<string, unknown>): string | undefined {
  const unknown = Object.keys(body).find((field) => !FIELDS.has(field))
  if (unknown !== undefined) return `Unrecognized request argument supplied: ${unknown}`
  if (typeof body.model !== 'string' || body.model === '') return 'you must provide a model parameter'
  if (body.stream !== true) return 'this server streams only'
  const options = body.stream_options
  if (options !== undefined && JSON.stringify(options) !== '{"include_usage":true}') return "Invalid value for 'stream_options'"
  if (!Array.isArray(body.messages) || body.messages.length === 0) return "[] is too short - 'messages'"
  for (const [index, message] of (body.messages as Record<string, unknown>[]).entries()) {
    if (!ROLES.has(String(message.role))) return `Invalid value for 'messages[${index}].role'`
    if (typeof message.content !== 'string') return `Invalid type for 'messages[${index}].content'`
    const more = Object.keys(message).find((field) => field !== 'role' && field !== 'content')
    if (more !== undefined) return `Additional properties are not allowed ('${more}' was unexpected) - 'messages.${index}'`
  }
  return undefined
}

function refuse(response: ServerResponse, { status, message, headers }: Refusal): void {
  const type = status === 429 ? 'requests' : status >= 500 ? 'server_error' : 'invalid_request_error'
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ error: { message, type, param: null, code: status === 401 ? 'invalid_api_key' : null } }))
}

async function behave(response: ServerResponse, request: ChatRequest, behaviour: Behaviour): Promise<void> {
  if (behaviour.kind === 'refuse') return refuse(response, behaviour)
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  const send = (data: unknown) => response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
  const withUsage = request.stream_options?.include_usage === true
  const chunk = (choices: readonly unknown[], usage: unknown = null) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: request.model,
    system_fingerprint: null,
    choices,
    ...(withUsage ? { usage } : {}),
  })
  const delta = (part: Record<string, unknown>, finish: string | null = null) =>
    send(chunk([{ index: 0, delta: part, logprobs: null, finish_reason: finish }]))

  delta({ role: 'assistant', content: '', refusal: null })
  for (const content of 'pieces' in behaviour ? behaviour.pieces : [behaviour.piece]) delta({ content })
  switch (behaviour.kind) {
    case 'answer':
      delta({}, behaviour.finish ?? 'stop')
      if (withUsage) send(chunk([], { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 }))
      send('[DONE]')
      response.end()
      return
    case 'cut':
      if (behaviour.how === 'ended') response.end()
      else await new Promise<void>((resolve) => response.write(': last words\n\n', () => resolve(void response.destroy())))
      return
    case 'error-inside':
      send({ error: { message: behaviour.message, type: 'server_error', param: null, code: null } })
      response.end()
      return
    case 'stall':
      return // the caller has to leave
  }
}
