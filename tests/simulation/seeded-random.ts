/** Randomness from a seed: the same seed gives the same numbers, on every machine. (sfc32) */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const hex = (value: number, bytes: number): string => {
  let text = ''
  for (let shift = (bytes - 1) * 8; shift >= 0; shift -= 8) text += HEX[(value >>> shift) & 255]
  return text
}

export class SeededRandom {
  #a = 0x9e3779b9
  #b = 0x243f6a88
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#c = seed | 0
    this.#b ^= Math.floor(seed / 2 ** 32)
    for (let round = 0; round < 12; round += 1) this.uint32()
  }

  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** From 0 to below 1. */
  fraction(): number {
    return this.uint32() / 2 ** 32
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }

  between(from: number, to: number): number {
    return from + this.fraction() * (to - from)
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)]
    if (found === undefined) throw new Error('nothing to pick from')
    return found
  }

  bytes(length: number): Uint8Array {
    const made = new Uint8Array(length)
    for (let index = 0; index < length; index += 1) made[index] = this.below(256)
    return made
  }

  /** A UUIDv7 of this moment. */
  uuid(atMs: number): string {
    const time = hex(Math.floor(atMs / 65_536), 4)
    const rest = hex(atMs % 65_536, 2)
    const one = this.uint32()
    const two = this.uint32()
    const version = hex(0x7000 | (one & 0xfff), 2)
    const variant = hex(0x8000 | ((one >>> 12) & 0x3fff), 2)
    return `${time}-${rest}-${version}-${variant}-${hex(one >>> 16, 2)}${hex(two, 4)}`
  }
}
