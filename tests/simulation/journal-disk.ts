/** The journal's file on the simulated disk: what was written is there after a crash if its flush had finished, and torn or gone otherwise. */
import { BLOCK_BYTES } from '../../packages/server/src/store/block-file.ts'

/** Few, so that they are soon used up. */
const BLOCKS = 12
/** Less than any record has: what a torn one has left. */
const TORN_BYTES = 40

interface Write {
  readonly first: number
  readonly bytes: Uint8Array
}

export class JournalDisk {
  readonly blocks = BLOCKS
  #durable = new Uint8Array()
  /** Written, and not flushed yet. */
  #waiting: Write[] = []

  read(): Uint8Array {
    return this.#durable
  }

  clear(): void {
    this.#durable = new Uint8Array(BLOCKS * BLOCK_BYTES)
    this.#waiting = []
  }

  write(first: number, bytes: Uint8Array): void {
    if (first + bytes.length / BLOCK_BYTES > BLOCKS) throw new Error('written behind the end of the journal')
    this.#waiting.push({ first, bytes: Uint8Array.from(bytes) }) // the writer uses its bytes again
  }

  /** How many writes a flush that starts now makes durable. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** These have come to the disk. */
  flushed(count: number): void {
    for (const write of this.#waiting.splice(0, count)) this.#put(write)
  }

  /** The oldest write that no flush had finished is torn, and so may be the others. */
  crash(isTorn: () => boolean): void {
    for (const [index, write] of this.#waiting.entries()) {
      const torn = { first: write.first, bytes: write.bytes.subarray(0, TORN_BYTES) }
      this.#put(index === 0 || isTorn() ? torn : write)
    }
    this.#waiting = []
  }

  #put({ first, bytes }: Write): void {
    this.#durable.set(bytes, first * BLOCK_BYTES)
  }
}
