/**
 * `GET /flow_runs/{id}/stream`: a run's chunks as server-sent events, from any place on, then its end.
 *
 * No viewer is waited for. One that does not read as fast as chunks come is told so (`chunk` returns false), and is
 * read to from the store at its own pace; one that reads nothing any more is cut off and may come back with
 * `Last-Event-ID`. How large a chunk is cuts nobody off: who comes back would meet it again, for ever. So no more than
 * 256 KB and a piece of one chunk are unsent at any time.
 */
import type { ServerResponse } from 'node:http'
import { AppError, type FlowRun, type StreamAttemptEnd } from '@pilotflame/core'
import type { StreamSink } from '../../app.ts'
import type { Clock } from '../../ports.ts'
import { ATTEMPT_OVER, type Position, START } from '../../streams/position.ts'
import { type Exchange, param } from '../exchange.ts'
import { type Reply, TAKEN } from '../replies.ts'

const HEARTBEAT_MS = 15_000
/** More than this unsent, and the viewer is behind. */
const BEHIND_BYTES = 256 * 1024
/** What a large chunk goes out in: the line says only of a whole write that it was taken. */
const PIECE_BYTES = 64 * 1024
/** A viewer that is behind and takes nothing for so long is cut off: its line is dead, or it has stopped reading. */
export const STALL_MS = 10_000

/** `2-17` → attempt 2, chunk 17; `2-end` → behind all of attempt 2. */
export function readPosition(text: string | undefined): Position {
  if (text === undefined || text === '') return START
  const match = /^(\d{1,9})-(\d{1,12}|end)$/.exec(text)
  if (match) return { attempt: Number(match[1]), n: match[2] === 'end' ? ATTEMPT_OVER : Number(match[2]) }
  const msg = `${JSON.stringify(text)} is no place in a stream; it has the form <attempt>-<n>, such as 1-42`
  throw new AppError('invalid_request', `The request does not fit: ${msg}.`, {
    faults: [{ loc: ['query', 'after'], msg, type: 'value' }],
  })
}

type ChunkOfRun = Parameters<StreamSink['chunk']>[0]

/** All live viewers of a run are given the same object, so it is formatted once. */
const formatted = new WeakMap<ChunkOfRun, Buffer>()

export function formatChunk(chunk: ChunkOfRun): Buffer {
  const known = formatted.get(chunk)
  if (known) return known
  const made = Buffer.from(`id: ${chunk.attempt}-${chunk.n}\nevent: chunk\ndata: {"text":${JSON.stringify(chunk.text)}}\n\n`)
  formatted.set(chunk, made)
  return made
}

export const formatEnd = ({ state, runCount }: FlowRun): string =>
  `event: end\ndata: ${JSON.stringify({ state_type: state.type, state_name: state.name, message: state.message, attempt: runCount })}\n\n`

export const formatAttemptEnd = (end: StreamAttemptEnd): Buffer =>
  Buffer.from(`id: ${end.attempt}-end\nevent: attempt_end\ndata: ${JSON.stringify(end)}\n\n`)

/** Cuts a viewer off that is behind and has taken nothing since the last look. */
function watchStall(clock: Clock, response: ServerResponse): () => void {
  let unsent = response.writableLength
  const look = (): void => {
    if (response.writableLength >= unsent) return void response.destroy()
    unsent = response.writableLength
    stop = clock.after(STALL_MS, look)
  }
  let stop = clock.after(STALL_MS, look)
  return () => stop()
}

/** Settles when all that was written is on its way, or the viewer is gone. */
function taken(clock: Clock, response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain) return Promise.resolve()
  return new Promise((resolve) => {
    const stop = watchStall(clock, response)
    const done = (): void => {
      stop()
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

export function createSink(response: ServerResponse, clock: Clock): StreamSink {
  /** A large chunk that is given piece by piece in `drained`. */
  let large: Buffer | undefined
  const write = (bytes: Buffer): boolean => {
    if (response.destroyed) return false
    if (bytes.length > PIECE_BYTES) large = bytes
    else response.write(bytes)
    return large === undefined && response.writableLength <= BEHIND_BYTES
  }
  return {
    chunk: (chunk) => write(formatChunk(chunk)),
    attemptEnd: (end) => write(formatAttemptEnd(end)),
    end(run) {
      response.end(formatEnd(run))
    },
    gone: () => void response.end(),
    async drained() {
      await taken(clock, response)
      const open = (): boolean => !response.destroyed && !response.writableEnded
      for (let at = 0; large && at < large.length && open(); at += PIECE_BYTES) {
        response.write(large.subarray(at, at + PIECE_BYTES))
        await taken(clock, response)
      }
      large = undefined
    },
  }
}

export async function streamRun(exchange: Exchange<'GET /flow_runs/{id}/stream'>): Promise<Reply> {
  const { context, request, response, query } = exchange
  const { app, closing } = context
  const header = request.headers['last-event-id']
  const after = readPosition(query.after ?? (Array.isArray(header) ? header[0] : header))
  const id = param(exchange, 'id')
  if (!(await app.store.find.findRun(id))) {
    throw new AppError('run_not_found', `There is no run ${id}. It may have been deleted; list runs with "pilot run ls".`)
  }
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  if (request.method === 'HEAD') return response.end() && TAKEN
  const stopBeat = heartbeat(app.clock, response)
  const cut = (): void => void response.destroy()
  closing.addEventListener('abort', cut)
  let left = false
  let stopFollowing: (() => void) | undefined
  response.on('close', () => {
    left = true
    stopBeat()
    closing.removeEventListener('abort', cut)
    stopFollowing?.()
  })
  stopFollowing = await app.streams.follow(id, after, createSink(response, app.clock))
  if (left) stopFollowing()
  return TAKEN
}

/** A comment each 15 s: it keeps proxies from closing the line, and finds out that a viewer has gone. */
function heartbeat(clock: Clock, response: ServerResponse): () => void {
  const beat = (): void => {
    // What is on its way does the same, and may be half of a chunk.
    if (response.writableLength === 0) response.write(': \n\n')
    stop = clock.after(HEARTBEAT_MS, beat)
  }
  let stop = clock.after(HEARTBEAT_MS, beat)
  return () => stop()
}
