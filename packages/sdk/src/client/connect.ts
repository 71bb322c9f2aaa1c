import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@pilotflame/core'
import type { ServerOptions } from '../flow/options.ts'
import { readServerAddress } from '../settings.ts'
import { createTransport } from './transport.ts'
import type { Client } from './types.ts'

/** A client of the server's API. Nothing is sent before the first call. Throws `invalid_request` for an address that is none. */
export function connect(options: ServerOptions = {}): Client {
  const { apiUrl, authString } = readServerAddress(options)
  const transport = createTransport()
  const client = createClient({ apiUrl, authString, fetch: transport.fetch, pause: (delayMs) => sleep(delayMs) })
  return { ...client, close: transport.close }
}
