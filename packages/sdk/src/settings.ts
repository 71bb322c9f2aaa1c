/** Where the server is, and how to get in. */
import { AppError } from '@pilotflame/core'
import type { ServerOptions } from './flow/options.ts'

const DEFAULT_API_URL = 'http://127.0.0.1:4200/api'

export interface ServerAddress {
  /** Without a slash at its end. */
  readonly apiUrl: string
  readonly authString: string | null
}

const present = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : text)

/** Options first, then `PILOTFLAME_*`, then `PREFECT_*`, then the default. Throws `invalid_request` for an address that is none. */
export function readServerAddress(
  options: ServerOptions = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): ServerAddress {
  const apiUrl = present(options.apiUrl) ?? present(env.PILOTFLAME_API_URL) ?? present(env.PREFECT_API_URL) ?? DEFAULT_API_URL
  const authString =
    present(options.authString) ?? present(env.PILOTFLAME_API_AUTH_STRING) ?? present(env.PREFECT_API_AUTH_STRING)
  const protocol = URL.canParse(apiUrl) ? new URL(apiUrl).protocol : undefined
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new AppError('invalid_request', `The API address "${apiUrl}" is none. Give one such as ${DEFAULT_API_URL}.`)
  }
  return { apiUrl: apiUrl.replace(/\/+$/, ''), authString: authString ?? null }
}

/** Headers that let a request in. */
export const authHeaders = ({ authString }: ServerAddress): Record<string, string> =>
  authString === null ? {} : { authorization: `Basic ${Buffer.from(authString).toString('base64')}` }
