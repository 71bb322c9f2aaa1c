/** Base64 (RFC 4648) without anything of a platform. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const LETTERS = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0))
const PAD = 61 // =

/** Letter → its six bits. */
const BITS = new Uint8Array(128)
LETTERS.forEach((letter, bits) => {
  BITS[letter] = bits
})

/** So many letters are made into text at once: an argument each, of which there may not be too many. */
const PIECE = 8_192

function toText(letters: Uint8Array): string {
  let text = ''
  for (let at = 0; at < letters.length; at += PIECE) text += String.fromCharCode(...letters.subarray(at, at + PIECE))
  return text
}

export function encodeBase64(bytes: Uint8Array): string {
  const letters = new Uint8Array(Math.ceil(bytes.length / 3) * 4)
  for (let from = 0, to = 0; from < bytes.length; from += 3) {
    const group = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0)
    for (let shift = 18; shift >= 0; shift -= 6) letters[to++] = LETTERS[(group >> shift) & 63] ?? 0
  }
  const missing = (3 - (bytes.length % 3)) % 3
  return toText(letters.fill(PAD, letters.length - missing))
}

export function decodeBase64(text: string): Uint8Array {
  const end = text.indexOf('=')
  const length = end < 0 ? text.length : end
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  let bits = 0
  let count = 0
  let at = 0
  for (let from = 0; from < length; from++) {
    bits = ((bits << 6) | (BITS[text.charCodeAt(from)] ?? 0)) & 0xffff
    count += 6
    if (count < 8) continue
    count -= 8
    bytes[at++] = (bits >> count) & 255
  }
  return bytes
}
