/** Reads a request's body: its bytes with a limit, and the JSON in them with the place where it breaks. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { AppError, isTooDeepIn, JSON_DEPTH_MAX } from '@pilotflame/core'
import { findJsonFault } from '@pilotflame/core/contract'
import type { Clock } from '../ports.ts'

export interface Body {
  readonly bytes: Buffer
  /** The monotonic moment at which its last byte was here. */
  readonly receivedMark: number
}

const NONE = Buffer.alloc(0)

const tooLarge = (limit: number, size: string, bytes: number): AppError =>
  new AppError('payload_too_large', `The body has ${size}; at most ${limit} bytes are allowed. Send it in smaller parts.`, {
    facts: { limit_bytes: limit, body_bytes: bytes },
  })

/** Settles with the last byte; throws `payload_too_large` as soon as it is known, and reads no further then. */
export function readBody(request: IncomingMessage, limit: number, clock: Clock): Promise<Body> {
  const header = request.headers['content-length']
  const length = header === undefined ? undefined : Number(header)
  if (length !== undefined && length > limit) return Promise.reject(tooLarge(limit, `${length} bytes`, length))
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    let finished = false
    const finish = (): void => {
      if (finished) return
      finished = true
      const receivedMark = clock.monotonic()
      resolve({ bytes: parts.length === 1 ? (parts[0] ?? NONE) : Buffer.concat(parts), receivedMark })
    }
    request.on('data', (part: Buffer) => {
      size += part.length
      if (size > limit) {
        request.pause()
        reject(tooLarge(limit, `more than ${limit} bytes (${size} so far)`, size))
        return
      }
      parts.push(part)
      // The last byte is known by its number: no need to wait for the turn that says so.
      if (size === length) finish()
    })
    request.on('end', finish)
    // An error costs its stack trace: it is made only where it is needed.
    const broken = (): AppError => new AppError('invalid_request', 'The connection closed before the body was complete.')
    request.on('error', () => reject(broken()))
    request.on('close', () => {
      if (!request.complete) reject(broken())
    })
  })
}

/** POSTs are JSON: a form of a foreign page cannot say that it is. */
export function checkContentType(request: IncomingMessage, bytes: number): void {
  const type = request.headers['content-type']
  if (type === undefined && bytes === 0) return
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new AppError('unsupported_media_type', `The body is encoded with ${encoding}. Send it as it is.`)
  }
  if (type !== undefined && (type === 'application/json' || /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type))) return
  throw new AppError(
    'unsupported_media_type',
    `The body must be JSON, and its content type is ${type ?? 'not given'}. Send "content-type: application/json".`,
  )
}

const REPLACED = '\uFFFD'

/** Throws `invalid_json` with the place of the fault, and `invalid_request` for what is nested too deeply. */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString('utf8')
  if (text.includes(REPLACED) && !isUtf8(bytes)) {
    throw new AppError('invalid_json', 'The body is not JSON: its text is not UTF-8. Send it in that encoding.')
  }
  const json = parsed(text)
  if (isTooDeepIn(bytes.length, json)) {
    const message = `The JSON is nested deeper than ${JSON_DEPTH_MAX} levels. Send it flatter, or as a text.`
    throw new AppError('invalid_request', message, { faults: [{ loc: [], msg: message, type: 'too_deep' }] })
  }
  return json
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const fault = findJsonFault(text)
    if (!fault) throw cause
    const { line, column, message } = fault
    throw new AppError('invalid_json', `The body is not JSON: line ${line}, column ${column}: ${message}.`, {
      facts: { line, column },
    })
  }
}
