import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, decodeValue, toIso } from '@pilotflame/core'
import type { ServerOptions } from '../flow/options.ts'
import { wallMicros } from '../machine/clock.ts'
import { uuidv7 } from '../machine/uuid.ts'
import { readServerAddress } from '../settings.ts'
import { createTransport } from './transport.ts'
import type { Client, EventInput } from './types.ts'

/** A client of the server's API. Nothing is sent before the first call. Throws `invalid_request` for an address that is none. */
export function connect(options: ServerOptions = {}): Client {
  const { apiUrl, authString } = readServerAddress(options)
  const transport = createTransport()
  const client = createClient({ apiUrl, authString, fetch: transport.fetch, pause: (delayMs) => sleep(delayMs) })
  const emit = async (given: EventInput | readonly EventInput[]): Promise<readonly string[]> => {
    const events = (isList(given) ? given : [given]).map(complete)
    await client.emit(events)
    return events.map(({ id }) => id)
  }
  const result = async (runId: string, signal?: AbortSignal) => {
    const answer = await client.result(runId, signal)
    return { state: answer.state, result: decodeValue(answer.result) }
  }
  return { ...client, emit, result, close: transport.close }
}

const isList = (given: EventInput | readonly EventInput[]): given is readonly EventInput[] => Array.isArray(given)

/** With its id and its moment: sent again, it is the same event. */
const complete = ({ related, ...event }: EventInput) => ({
  ...event,
  id: event.id ?? uuidv7(),
  occurred: event.occurred ?? toIso(wallMicros()),
  ...(related === undefined ? {} : { related: [...related] }),
})
