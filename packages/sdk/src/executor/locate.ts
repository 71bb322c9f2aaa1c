/** Asks a server how to reach its channel: by its unix socket when it is on this machine, by websocket otherwise. */
import { accessSync, constants } from 'node:fs'
import type { get } from 'node:http'
import { AppError, isObject } from '@pilotflame/core'
import { authHeaders, type ServerAddress } from '../settings.ts'
import type { Target } from './channel-lines.ts'

const ANSWER_MS_MAX = 10_000
const BYTES_MAX = 100_000

// Not imported: the names of an imported `node:http` bring all of Node's `fetch` with them, which is 35 ms of CPU.
const getOver = (protocol: string): typeof get => process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http').get

function read(address: ServerAddress): Promise<{ status: number; body: string }> {
  const url = new URL(`${address.apiUrl}/channel`)
  const request = getOver(url.protocol)
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { accept: 'application/json', ...authHeaders(address) } }, (response) => {
      const parts: Buffer[] = []
      let bytes = 0
      response.on('data', (part: Buffer) => {
        bytes += part.length
        if (bytes > BYTES_MAX) return sent.destroy(new Error('the answer is not one of a Pilotflame server'))
        parts.push(part)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }))
      response.on('error', reject)
    })
    sent.setTimeout(ANSWER_MS_MAX, () => sent.destroy(new Error('no answer within 10 s')))
    sent.on('error', reject)
  })
}

function parse(body: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(body)
  if (!isObject(parsed)) throw new Error('the answer is not one of a Pilotflame server')
  return parsed
}

/** The socket at `path`, where it can be opened. */
export const targetAt = (path: string | null | undefined): Target | undefined =>
  typeof path === 'string' && canOpen(path) ? { kind: 'socket', path } : undefined

function canOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

const websocketOf = (address: ServerAddress): Target => ({
  kind: 'websocket',
  url: `${address.apiUrl.replace(/^http/, 'ws')}/channel`,
  headers: authHeaders(address),
})

/** Rejects with `unauthorized` or `forbidden_host` when the server does not let us in, with any other error when it is away. */
export async function locate(address: ServerAddress, bootId: string): Promise<Target> {
  const { status, body } = await read(address)
  if (status === 401) {
    throw new AppError(
      'unauthorized',
      `The server at ${address.apiUrl} did not accept the auth string. Set PILOTFLAME_API_AUTH_STRING to user:password.`,
    )
  }
  if (status === 404) {
    throw new AppError(
      'route_not_found',
      `There is no Pilotflame server at ${address.apiUrl}: it has no /channel. Check PILOTFLAME_API_URL.`,
    )
  }
  if (status !== 200) throw new Error(`the server answered ${status}`)
  const { socket, boot_id } = parse(body)
  const here = typeof socket === 'string' && boot_id === bootId && canOpen(socket)
  return here ? { kind: 'socket', path: socket } : websocketOf(address)
}
