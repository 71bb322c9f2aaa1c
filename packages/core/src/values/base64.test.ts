import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64, encodeBase64 } from './base64.ts'

test('is the Base64 that everyone reads', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      const text = encodeBase64(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64'))
      expect(decodeBase64(text)).toEqual(bytes)
    }),
  )
})

test('much comes back as it was', () => {
  const bytes = Uint8Array.from({ length: 100_001 }, (_, index) => index * 31)
  expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
})
