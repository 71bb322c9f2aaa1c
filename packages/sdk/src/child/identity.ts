/**
 * Says whether a host has started this process. The variable is taken out of the environment as soon as this file is
 * loaded, so that programs which the user's code starts are no children of that host.
 */
import { AppError, CHILD_VARIABLE, type ChildIdentity, isObject } from '@pilotflame/core'

/** The second copy of this package in one process finds what the first one took. */
const PLACE = Symbol.for('pilotflame.child')
const shared = globalThis as { [PLACE]?: string | undefined }

const taken = process.env[CHILD_VARIABLE]
if (taken !== undefined) {
  delete process.env[CHILD_VARIABLE]
  shared[PLACE] = taken
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isIdentity = (value: unknown): value is ChildIdentity =>
  isObject(value) &&
  typeof value.deployment === 'string' &&
  typeof value.version === 'string' &&
  typeof value.host_session_id === 'string' &&
  typeof value.uses === 'number' &&
  typeof value.api_url === 'string' &&
  (value.auth_string === null || typeof value.auth_string === 'string')

/** Who this process is to its host; undefined where none has started it. Throws `invalid_request` for what cannot be read. */
export function childIdentity(): ChildIdentity | undefined {
  const text = shared[PLACE]
  if (text === undefined) return undefined
  const identity = parse(text)
  if (isIdentity(identity)) return identity
  throw new AppError(
    'invalid_request',
    `${CHILD_VARIABLE} cannot be read. It is set by the host of this process; unset it to start the program yourself.`,
  )
}
