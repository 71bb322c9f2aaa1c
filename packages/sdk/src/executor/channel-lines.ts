/** What a connection to a server is, whichever way it goes: one JSON object per line. */
import { StringDecoder } from 'node:string_decoder'
import { LineReader } from '@pilotflame/core'

/** Where to connect to. */
export type Target =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'websocket'; readonly url: string; readonly headers: Readonly<Record<string, string>> }

export interface Listener {
  /** A frame, and when its bytes were here on the monotonic clock, in microseconds. */
  frame(frame: unknown, readAt: number): void
  /** Called once. */
  closed(reason: string): void
}

export interface Connection {
  /** Sends one line, without its end. */
  send(line: string): void
  /** What was sent before still goes out. At the latest 1 s later it is closed. */
  close(): void
}

export const CONNECT_MS_MAX = 10_000
/** A server that does not close its end is not waited for. */
export const CLOSE_MS_MAX = 1_000

/** Splits what comes in into lines, also where one comes in pieces. */
export function createLineReader(onLine: (line: string) => void): (bytes: Buffer) => void {
  const decoder = new StringDecoder('utf8')
  const lines = new LineReader(onLine)
  return (bytes) => lines.push(decoder.write(bytes))
}

export const NO_JSON = 'the server sent a line that is no JSON'

/** Parses a line and passes it on; `refuse` is called for what is no JSON. */
export function deliver(line: string, readAt: number, listener: Listener, refuse: () => void): void {
  let frame: unknown
  try {
    frame = JSON.parse(line)
  } catch {
    refuse()
    return
  }
  listener.frame(frame, readAt)
}
