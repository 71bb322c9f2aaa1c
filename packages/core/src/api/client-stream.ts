/** A run's stream as an async iterable: reads server-sent events, and goes on behind the last one when the line breaks. */
import { AppError, isAppError } from '../errors.ts'
import type { StateType } from '../states.ts'
import { type ClientOptions, type FetchResponse, type Signal, send } from './client-transport.ts'

declare class TextDecoder {
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string
}

export interface StreamChunk {
  readonly attempt: number
  readonly n: number
  readonly text: string
}

/** How the run ended; what the iteration returns. */
export interface StreamEnd {
  readonly state_type: StateType
  readonly state_name: string
  readonly message: string | null
  readonly attempt: number
}

/** How an attempt ended that was not the last: what it has said is not the answer, the next attempt begins anew. */
export interface StreamAttemptEnd {
  readonly attempt: number
  readonly state_type: StateType
  readonly state_name: string
  readonly message: string | null
}

export interface SseMessage {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** So many times in a row the line may break without a word in between. */
const BREAKS_MAX = 10
const PAUSE_MS = 250
/** Only what can pass by itself is tried again. */
const passing = (error: unknown): boolean =>
  !isAppError(error) || error.code === 'server_unreachable' || error.code === 'shutting_down'

export interface StreamOptions {
  readonly after?: { readonly attempt: number; readonly n: number }
  readonly signal?: Signal
  /** Told between the chunks of two attempts, and as soon as one that has said something is interrupted. */
  readonly onAttemptEnd?: (end: StreamAttemptEnd) => void
}

export async function* followStream(
  client: ClientOptions,
  runId: string,
  options: StreamOptions = {},
): AsyncGenerator<StreamChunk, StreamEnd, undefined> {
  let last = options.after ? `${options.after.attempt}-${options.after.n}` : ''
  let opened = false
  let breaks = 0
  for (;;) {
    try {
      const response = await open(client, runId, last, options.signal)
      opened = true
      for await (const message of messagesOf(response)) {
        breaks = 0
        if (message.event === 'end') return JSON.parse(message.data) as StreamEnd
        if (message.event === 'attempt_end') {
          last = message.id
          options.onAttemptEnd?.(JSON.parse(message.data) as StreamAttemptEnd)
        }
        if (message.event !== 'chunk') continue
        last = message.id
        yield chunkOf(message)
      }
    } catch (error) {
      // The first connection is not tried again: nobody is there. A broken one is.
      if (options.signal?.aborted || !opened || !passing(error)) throw error
    }
    breaks += 1
    if (breaks > BREAKS_MAX) {
      throw new AppError(
        'server_unreachable',
        `The stream of run ${runId} broke off and ${client.apiUrl} does not answer any more.`,
      )
    }
    await client.pause?.(PAUSE_MS * breaks)
  }
}

function open(client: ClientOptions, runId: string, last: string, signal: Signal | undefined): Promise<FetchResponse> {
  return send(client, {
    method: 'GET',
    path: `/flow_runs/${encodeURIComponent(runId)}/stream`,
    headers: { accept: 'text/event-stream', ...(last === '' ? {} : { 'last-event-id': last }) },
    ...(signal === undefined ? {} : { signal }),
  })
}

function chunkOf({ id, data }: SseMessage): StreamChunk {
  const [attempt = '0', n = '0'] = id.split('-')
  return { attempt: Number(attempt), n: Number(n), text: (JSON.parse(data) as { text: string }).text }
}

async function* messagesOf(response: FetchResponse): AsyncGenerator<SseMessage, void, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of response.body ?? []) {
    rest += decoder.decode(bytes, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = readMessage(block)
      if (message) yield message
    }
  }
}

/** One block of server-sent events; `undefined` for a comment, such as the heartbeat. */
export function readMessage(block: string): SseMessage | undefined {
  const fields = { id: '', event: 'message', data: '' }
  let any = false
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    if (name !== 'id' && name !== 'event' && name !== 'data') continue
    fields[name] = line.slice(colon + 1).replace(/^ /, '')
    any = true
  }
  return any ? fields : undefined
}
