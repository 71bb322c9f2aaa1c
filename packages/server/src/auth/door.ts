/**
 * The door: who may reach this server at all. Beyond loopback it wants an auth string; a request must name a host
 * that is this server's (DNS rebinding), come from no foreign page, and carry the auth string where there is one.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AppError } from '@pilotflame/core'
import type { HttpSettings } from '../app.ts'

/** `[::1]:4200` → `::1`; lower case, without the port. */
export function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host)
  return (bracketed?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase().replace(/\.$/, '')
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) || host.endsWith('.localhost')

/** Refuses to start on an address that others can reach, unless they need a password. */
export function checkBind({ host, authString }: Pick<HttpSettings, 'host' | 'authString'>): void {
  if (authString !== null && !/^[^:]+:./s.test(authString)) {
    const message = 'The auth string has the form user:password, and neither may be empty. Set PILOTFLAME_API_AUTH_STRING again.'
    throw new AppError('auth_required', message)
  }
  if (authString !== null || isLoopback(hostName(host.includes(':') ? `[${host}]` : host))) return
  throw new AppError(
    'auth_required',
    `The server would listen on ${host}, where other machines can reach it, without a password. Set PILOTFLAME_API_AUTH_STRING to user:password, or leave out --host.`,
    { facts: { host } },
  )
}

export interface Door {
  /** Throws unless Host and Origin are this server's. */
  checkOrigin(request: IncomingMessage): void
  /** Throws unless the auth string came with it, where one is needed. */
  checkAuth(request: IncomingMessage): void
  /** True for the auth string, or where none is needed. For websockets, which send it as a message. */
  accepts(authString: unknown): boolean
  readonly needsAuth: boolean
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export function createDoor(settings: HttpSettings): Door {
  const allowed = new Set(settings.allowedHosts.map((host) => host.toLowerCase()))
  const bound = settings.host.toLowerCase()
  const wanted = settings.authString === null ? null : digest(settings.authString)

  /** The last one that was named: most clients say the same again and again. */
  let lastNamed: string | undefined

  const isNamed = (host: string): boolean => {
    const name = hostName(host)
    return isLoopback(name) || name === bound || allowed.has(name) || allowed.has(host.toLowerCase())
  }

  const isOurs = (host: string, request: IncomingMessage): boolean => {
    if (host === lastNamed) return true
    if (isNamed(host)) {
      lastNamed = host
      return true
    }
    // The address that the request came in at; a page cannot make up that one.
    const local = request.socket.localAddress?.replace(/^::ffff:/, '')
    return local !== undefined && hostName(host) === local
  }

  /** Compares digests: equal lengths, and no time that tells how much of it was right. */
  const accepts = (given: unknown): boolean =>
    wanted === null || (typeof given === 'string' && timingSafeEqual(digest(given), wanted))

  return {
    needsAuth: wanted !== null,
    accepts,

    checkOrigin(request) {
      const { host, origin } = request.headers
      if (host === undefined || !isOurs(host, request)) {
        throw new AppError(
          'forbidden_host',
          `This server does not answer to the host ${JSON.stringify(host ?? '')}. Use its address, or add the name to its allowed hosts.`,
        )
      }
      if (origin === undefined || isOwnOrigin(origin, host, allowed)) return
      throw new AppError(
        'forbidden_origin',
        `A page of ${JSON.stringify(origin)} may not talk to this server. Add its host to the allowed hosts if it should.`,
      )
    },

    checkAuth(request) {
      if (wanted === null || accepts(basicOf(request.headers.authorization))) return
      throw new AppError(
        'unauthorized',
        'Unauthorized: this server wants its auth string. Set PILOTFLAME_API_AUTH_STRING to user:password.',
      )
    },
  }
}

/** A page of this server itself, or of a host that is allowed by name. */
function isOwnOrigin(origin: string, host: string, allowed: ReadonlySet<string>): boolean {
  const match = /^https?:\/\/([^/]+)$/i.exec(origin)
  const from = match?.[1]?.toLowerCase()
  return from !== undefined && (from === host.toLowerCase() || allowed.has(from) || allowed.has(hostName(from)))
}

function basicOf(header: string | undefined): string | undefined {
  const match = /^Basic\s+([A-Za-z0-9+/=_-]+)\s*$/i.exec(header ?? '')
  return match?.[1] === undefined ? undefined : Buffer.from(match[1], 'base64').toString('utf8')
}
