/**
 * The journal's records in its file: each in blocks of its own, one behind the other, and from the front again at the
 * end. The room of a record is free once the database's log says durably what the record says.
 *
 * A record counts after a crash when all of it is there (its checksum says so), when it belongs to the life of the
 * database that has ended, and when all before it count: what comes behind one that is torn was never acknowledged.
 */
import { crc32 } from 'node:zlib'
import type { BlockFile } from '../ports.ts'
import { BLOCK_BYTES } from './block-file.ts'

export interface JournalRecord {
  /** 1 for the first of a life, then 2. */
  readonly id: number
  readonly text: string
}

/** What stands before the text: a mark, the life, the id (6 bytes), the bytes of the text, and a checksum of all that. */
const MARK = 0x31_4c_4a_50 // "PJL1"
const LIFE_AT = 4
const ID_AT = 8
const LENGTH_AT = 16
const CHECKSUM_AT = 20
const HEADER_BYTES = 24

interface Place {
  readonly id: number
  readonly first: number
}

export class JournalRing {
  readonly #file: BlockFile
  readonly #buffer: Buffer
  #life = 0
  /** Where the next record begins. */
  #next = 0
  /** What is not free yet, the oldest first. */
  #kept: Place[] = []
  #usable = false

  /** `bytesMax`: of a record's text. */
  constructor(file: BlockFile, bytesMax: number) {
    this.#file = file
    this.#buffer = Buffer.alloc(Math.ceil((HEADER_BYTES + bytesMax) / BLOCK_BYTES) * BLOCK_BYTES)
  }

  /** The records of `life` behind `applied`, without a gap. */
  readLeft(life: number, applied: number): readonly JournalRecord[] {
    const found = new Map<number, string>()
    const bytes = Buffer.from(this.#file.read())
    for (let at = 0; at + HEADER_BYTES <= bytes.length; at += BLOCK_BYTES) {
      const record = recordAt(bytes, at, life)
      if (record) found.set(record.id, record.text)
    }
    const left: JournalRecord[] = []
    for (let id = applied + 1; ; id += 1) {
      const text = found.get(id)
      if (text === undefined) return left
      left.push({ id, text })
    }
  }

  /** Empties the file. Throws what the disk says. */
  clear(): void {
    this.#usable = false
    this.#file.clear()
    this.#next = 0
    this.#kept = []
  }

  /** From here on it takes the records of this life, in a file that was emptied. */
  begin(life: number): void {
    this.#life = life
    this.#usable = true
  }

  /**
   * Writes a record, which a flush makes durable. After a write that failed, of which anything may be in the file, no
   * further one is taken.
   */
  append(id: number, text: string): 'written' | 'failed' | 'no room' {
    if (!this.#usable) return 'no room'
    const bytes = this.#encode(id, text)
    const first = bytes && this.#room(bytes.length / BLOCK_BYTES)
    if (!bytes || first === undefined) return 'no room'
    try {
      this.#file.write(first, bytes)
    } catch {
      this.#usable = false
      return 'failed'
    }
    this.#kept.push({ id, first })
    this.#next = first + bytes.length / BLOCK_BYTES
    return 'written'
  }

  /** The records up to `id` are not needed any more. */
  release(id: number): void {
    const kept = this.#kept.findIndex((place) => place.id > id)
    if (kept === -1) this.#kept = []
    else if (kept > 0) this.#kept = this.#kept.slice(kept)
  }

  /** The first of so many free blocks; one stays free between the newest and the oldest. */
  #room(count: number): number | undefined {
    const oldest = this.#kept[0]?.first
    const { blocks } = this.#file
    if (oldest === undefined) return count > blocks ? undefined : this.#next + count <= blocks ? this.#next : 0
    if (this.#next <= oldest) return this.#next + count < oldest ? this.#next : undefined
    if (this.#next + count <= blocks) return this.#next
    return count < oldest ? 0 : undefined
  }

  #encode(id: number, text: string): Buffer | undefined {
    const buffer = this.#buffer
    const length = buffer.write(text, HEADER_BYTES)
    if (length >= buffer.length - HEADER_BYTES - 3) return undefined // perhaps not all of it
    buffer.writeUInt32LE(MARK, 0)
    buffer.writeUInt32LE(this.#life, LIFE_AT)
    buffer.writeUIntLE(id, ID_AT, 6)
    buffer.writeUInt32LE(length, LENGTH_AT)
    buffer.writeUInt32LE(checksum(buffer, 0, length), CHECKSUM_AT)
    return buffer.subarray(0, Math.ceil((HEADER_BYTES + length) / BLOCK_BYTES) * BLOCK_BYTES)
  }
}

/** Of the header up to the checksum, and of the text. */
function checksum(bytes: Buffer, at: number, length: number): number {
  const header = crc32(bytes.subarray(at, at + CHECKSUM_AT))
  return crc32(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length), header)
}

function recordAt(bytes: Buffer, at: number, life: number): JournalRecord | undefined {
  if (bytes.readUInt32LE(at) !== MARK || bytes.readUInt32LE(at + LIFE_AT) !== life) return undefined
  const length = bytes.readUInt32LE(at + LENGTH_AT)
  const from = at + HEADER_BYTES
  if (from + length > bytes.length || checksum(bytes, at, length) !== bytes.readUInt32LE(at + CHECKSUM_AT)) return undefined
  return { id: bytes.readUIntLE(at + ID_AT, 6), text: bytes.toString('utf8', from, from + length) }
}
