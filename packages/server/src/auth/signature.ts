/** The Standard Webhooks scheme: what proves that a hook's request comes from someone who knows its secret. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '@pilotflame/core'

/** A signature is good for so long, either side of its timestamp. */
export const WINDOW_SECONDS = 300

export interface SignedRequest {
  readonly id: string | undefined
  readonly timestamp: string | undefined
  /** One or several of `v1,<base64>`, separated by blanks. */
  readonly signature: string | undefined
  readonly body: Uint8Array
}

export const sign = (secret: Uint8Array, { id, timestamp, body }: { id: string; timestamp: string; body: Uint8Array }): string =>
  `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64')}`

const refuse = (message: string): AppError => new AppError('invalid_signature', message)

/** Throws `invalid_signature` unless one of the signatures fits and its timestamp is near `nowSeconds`. */
export function checkSignature(secret: Uint8Array, request: SignedRequest, nowSeconds: number): void {
  const { id, timestamp, signature, body } = request
  const absent = Object.entries({ 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature })
    .filter(([, value]) => !value)
    .map(([name]) => name)
  if (!id || !timestamp || !signature) {
    throw refuse(`This hook is signed, and the request lacks the header ${absent.join(', ')}. Sign it as Standard Webhooks says.`)
  }
  const age = nowSeconds - Number(timestamp)
  if (!/^\d{1,12}$/.test(timestamp)) throw refuse('webhook-timestamp must be whole seconds since 1970.')
  if (Math.abs(age) > WINDOW_SECONDS) {
    const direction = age > 0 ? 'old' : 'ahead'
    throw refuse(
      `The request's timestamp is ${Math.round(Math.abs(age))} s ${direction}; ${WINDOW_SECONDS} s are allowed. Sign it again, or set the clocks right.`,
    )
  }
  const wanted = Buffer.from(sign(secret, { id, timestamp, body }))
  const fits = signature.split(' ').some((one) => {
    const given = Buffer.from(one)
    return given.length === wanted.length && timingSafeEqual(given, wanted)
  })
  if (!fits) throw refuse('No signature of the request fits its body. Is it signed with the secret of this hook?')
}
