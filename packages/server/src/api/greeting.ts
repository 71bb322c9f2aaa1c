/**
 * The greeting of Prefect's websockets: with the subprotocol `prefect` the first message is the auth string, needed or
 * not, and is answered; without it there is none. A wrong one ends the connection.
 */
import { isObject } from '@pilotflame/core'
import type { WebSocket } from 'ws'
import type { Door } from '../auth/door.ts'
import { parseJson } from './read-body.ts'

export const POLICY_VIOLATION = 1008
/** A close reason has at most 123 bytes. */
const REASON_BYTES_MAX = 120

export const reasonOf = (error: unknown): string =>
  Buffer.from(error instanceof Error ? error.message : String(error)).toString('utf8', 0, REASON_BYTES_MAX)

export interface Greeting {
  /** True when the greeting is over. The message is a part of it otherwise, and was taken. Throws for what is no JSON. */
  isOver(data: Buffer): boolean
}

/** `authorized`: the request came with the auth string already, or none is needed. */
export function greetingOf(connection: WebSocket, door: Door, authorized: boolean): Greeting {
  let over = connection.protocol === ''
  return {
    isOver(data) {
      if (over) return true
      const message = parseJson(data)
      if (isObject(message) && message.type === 'auth' && (authorized || door.accepts(message.token))) {
        over = true
        connection.send(JSON.stringify({ type: 'auth_success' }))
      } else connection.close(POLICY_VIOLATION, 'the auth message is missing or wrong')
      return false
    },
  }
}
