/** UUIDv7 from a pool of random bytes: states, log lines and task runs are named often, and in order. */
import { hash, randomFillSync } from 'node:crypto'
import { isUuid } from '@pilotflame/core'

const POOL_BYTES = 4_096
const pool = Buffer.alloc(POOL_BYTES)
let used = POOL_BYTES
let lastMs = 0
let counter = 0

/** Ten random bytes as hex. */
function randomHex(): string {
  if (used + 10 > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  used += 10
  return pool.toString('hex', used - 10, used)
}

const VARIANTS = ['8', '9', 'a', 'b'] as const

function assemble(timeHex: string, sequence: number, tail: string): string {
  const variant = VARIANTS[Number.parseInt(tail.charAt(0), 16) & 3]
  const sequenceHex = sequence.toString(16).padStart(3, '0')
  return `${timeHex.slice(0, 8)}-${timeHex.slice(8)}-7${sequenceHex}-${variant}${tail.slice(1, 4)}-${tail.slice(4, 16)}`
}

/** A new UUIDv7; those of one process sort by when they were made, also within a millisecond (4 096 of them). */
export function uuidv7(): string {
  const now = Date.now()
  if (now > lastMs) {
    lastMs = now
    counter = 0
  } else if (++counter > 0xfff) {
    lastMs++
    counter = 0
  }
  return assemble(lastMs.toString(16).padStart(12, '0'), counter, randomHex())
}

/**
 * The id of a task run: the same for the same call of every attempt, so that a run that starts again continues
 * its task runs instead of adding others. It has the form of a UUIDv7 made when the run was.
 */
export function taskRunIdOf(runId: string, taskKey: string, dynamicKey: string): string {
  const digest = hash('sha256', `${runId}\n${taskKey}\n${dynamicKey}`, 'hex')
  const time = isUuid(runId) ? runId.replaceAll('-', '').slice(0, 12) : '0'.repeat(12)
  return assemble(time, Number.parseInt(digest.slice(0, 3), 16), digest.slice(3, 19))
}
