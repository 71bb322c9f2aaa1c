/**
 * A place at a server, of an executor or of a host: says hello, comes back after every outage, for ever, and passes on
 * what the server says. It knows nothing of runs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type HelloFrame, isAppError, isObject, type RefusedFrame, type ServerFrame, type WelcomeFrame } from '@pilotflame/core'
import type { ServerAddress } from '../settings.ts'
import type { Connection, Target } from './channel-lines.ts'
import { connect } from './connection.ts'
import { locate, targetAt } from './locate.ts'
import { errorOf } from './reporter.ts'

const BACKOFF_MS_MIN = 50
const BACKOFF_MS_MAX = 2_000
const WELCOME_MS_MAX = 10_000

/** What a server says after its welcome. */
export type MessageFrame = Exclude<ServerFrame, WelcomeFrame | RefusedFrame>

export interface SessionEvents {
  /** The first frame of each connection. */
  hello(): HelloFrame
  welcome(frame: WelcomeFrame, target: Target): void
  /** Anything else, and when its bytes were here on the monotonic clock, in microseconds. */
  receive(frame: MessageFrame, readAt: number): void
  /** Once per outage. */
  away(reason: string): void
}

/** From half to the whole of 50 ms, 100 ms … 2 s. */
export const backoffMs = (failures: number, chance: number): number =>
  Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures) * (0.5 + chance / 2)

/** Where an executor says hello, and hears what to do. */
export interface Place {
  /** Settles when it was closed; rejects with the server's refusal, or `unauthorized`. */
  keep(): Promise<void>
  /** Sends a frame when there is a connection that was welcomed. */
  send(frame: unknown): void
  close(): void
}

export class Session implements Place {
  readonly #address: ServerAddress
  readonly #bootId: string
  readonly #events: SessionEvents
  /** Where it probably is: tried once, before the server is asked. */
  #probable: string | null | undefined
  readonly #stop = new AbortController()
  #connection: Connection | undefined

  constructor(address: ServerAddress, bootId: string, events: SessionEvents, probableSocket?: string | null) {
    this.#probable = probableSocket
    this.#address = address
    this.#bootId = bootId
    this.#events = events
  }

  /** Sends a frame when there is a connection that was welcomed. */
  send(frame: unknown): void {
    this.#connection?.send(JSON.stringify(frame))
  }

  close(): void {
    this.#stop.abort()
  }

  /** Settles when closed; rejects with the server's refusal, or `unauthorized`. */
  async keep(): Promise<void> {
    let failures = 0
    let away = false
    while (!this.#stop.signal.aborted) {
      const reason = await this.#once(() => {
        failures = 0
        away = false
      })
      if (this.#stop.signal.aborted) return
      if (!away) this.#events.away(reason)
      away = true
      await sleep(backoffMs(failures++, Math.random()), undefined, { signal: this.#stop.signal }).catch(() => {})
    }
  }

  /** One connection, from its hello to its end. Settles with why it ended, or could not begin. */
  async #once(welcomed: () => void): Promise<string> {
    try {
      const probable = targetAt(this.#probable)
      this.#probable = undefined
      const target = probable ?? (await locate(this.#address, this.#bootId))
      return await this.#converse(target, welcomed)
    } catch (error) {
      if (isAppError(error)) throw error
      return error instanceof Error ? error.message : String(error)
    } finally {
      this.#connection = undefined
    }
  }

  async #converse(target: Target, welcomed: () => void): Promise<string> {
    let open = true
    const ended = Promise.withResolvers<string>()
    ended.promise.catch(() => {}) // it may end before anybody waits for it
    const connection = await connect(target, {
      frame: (frame, readAt) => {
        if (!open || !isServerFrame(frame)) return
        if (frame.type === 'welcome') {
          clearTimeout(timer)
          this.#connection = connection
          welcomed()
          this.#events.welcome(frame, target)
        } else if (frame.type === 'refused') this.#refused(frame, ended)
        else this.#events.receive(frame, readAt)
      },
      closed: (reason) => ended.resolve(reason),
    })
    const timer = setTimeout(() => {
      ended.resolve('the server did not answer the hello within 10 s')
    }, WELCOME_MS_MAX)
    const close = () => connection.close()
    this.#stop.signal.addEventListener('abort', close, { once: true })
    if (this.#stop.signal.aborted) close()
    else connection.send(JSON.stringify(this.#events.hello()))
    try {
      return await ended.promise
    } finally {
      open = false
      clearTimeout(timer)
      this.#stop.signal.removeEventListener('abort', close)
      close()
    }
  }

  /** A hello that is refused is the end; a refusal in a conversation, or by a server that leaves, is an outage. */
  #refused(frame: RefusedFrame, ended: PromiseWithResolvers<string>): void {
    const outage = this.#connection !== undefined || frame.code === 'shutting_down'
    if (outage) ended.resolve(frame.message)
    else ended.reject(errorOf(frame))
  }
}

/** Frames of kinds that this version does not know are passed over. */
const isServerFrame = (frame: unknown): frame is ServerFrame => isObject(frame) && typeof frame.type === 'string'
