/** One request on its way through a handler. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BodyOf, RouteKey, Routes } from '@pilotflame/core/contract'
import type { App, HttpSettings } from '../app.ts'
import type { Reply } from './replies.ts'

export type WriteLog = (level: 'info' | 'warning' | 'error', message: string) => void

/** What all requests of one server share. */
export interface HttpContext {
  readonly app: App
  readonly settings: HttpSettings
  /** The channel's unix socket on this machine. */
  readonly socketPath: string | null
  readonly log: WriteLog
  /** Aborted when the server closes: requests that are held open end then. */
  readonly closing: AbortSignal
}

type QueryOf<K extends RouteKey> = Routes[K] extends { query: infer Q }
  ? { readonly [Name in keyof Q]: Q[Name] extends 'required' ? string : string | undefined }
  : Readonly<Record<string, string | undefined>>

export interface Exchange<K extends RouteKey> {
  readonly context: HttpContext
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly params: Readonly<Record<string, string>>
  readonly query: QueryOf<K>
  /** Checked against the route's schema. */
  readonly body: BodyOf<K>
  /** The body as it came in. */
  readonly bytes: Buffer
  /** The monotonic moment at which the request was here. */
  readonly receivedMark: number
}

export type Handler<K extends RouteKey> = (exchange: Exchange<K>) => Promise<Reply> | Reply
export type Handlers<K extends RouteKey> = { readonly [Key in K]: Handler<Key> }

export const param = (exchange: { readonly params: Readonly<Record<string, string>> }, name: string): string =>
  exchange.params[name] ?? ''
