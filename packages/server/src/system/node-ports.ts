/** The five ports as this machine has them. Only this folder may touch clock, timers, randomness and processes. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import type { Micros } from '@pilotflame/core'
import { V7Generator } from 'uuidv7'
import type { Clock, Processes, Random } from '../ports.ts'

/** Linux names each boot; elsewhere host and boot time, rounded to 10 s because uptime is not exact, do as well. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return `${hostname()}-${Math.round((Date.now() / 1000 - uptime()) / 10)}`
  }
}

const monotonicMicros = (): number => Number(process.hrtime.bigint()) / 1000

/** Wall clock in microseconds that never repeats and never goes back, whatever the system's clock does. */
export function nodeClock(): Clock {
  let last: Micros = 0
  return {
    boot: bootId(),
    now() {
      last = Math.max(last + 1, Math.round((performance.timeOrigin + performance.now()) * 1000))
      return last
    },
    monotonic: monotonicMicros,
    after(delayMs, callback) {
      // Node's timers hold 31 bits: a longer wait is cut, and whoever waits looks again.
      const timer = setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1))
      timer.unref()
      return () => clearTimeout(timer)
    },
  }
}

/** Random bytes are taken from the system in blocks of this size: a call for each few is dear. */
const BLOCK_BYTES = 4_096

export function nodeRandom(): Random {
  let block = randomBytes(BLOCK_BYTES)
  let used = 0
  /** Where the next so many bytes of the block begin. */
  const take = (length: number): number => {
    if (used + length > BLOCK_BYTES) {
      block = randomBytes(BLOCK_BYTES)
      used = 0
    }
    used += length
    return used - length
  }
  const bytes = (length: number): Uint8Array => {
    if (length > BLOCK_BYTES) return randomBytes(length)
    const from = take(length)
    return Uint8Array.prototype.slice.call(block, from, from + length)
  }
  // `take` may put another block in the place of this one.
  const nextUint32 = (): number => {
    const from = take(4)
    return block.readUInt32BE(from)
  }
  const ids = new V7Generator({ nextUint32 })
  return { uuid: () => ids.generate().toString(), bytes }
}

/** A process that has ended but was not yet reaped (a zombie) counts as gone. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** The shortest sleep: the system makes some 70 µs of it. */
const GIVE_WAY_MS = 0.02
/** Not more often, whatever the load: it takes 1.5 % of the time at most. */
const GIVE_WAY_EVERY_MS = 5

export function nodeProcesses(): Processes {
  const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))
  let gaveWayAt = Number.NEGATIVE_INFINITY
  return {
    alive(pid) {
      try {
        process.kill(pid, 0)
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'EPERM'
      }
      return !isZombie(pid)
    },
    giveWay() {
      const now = performance.now()
      if (now - gaveWayAt < GIVE_WAY_EVERY_MS) return
      gaveWayAt = now
      Atomics.wait(nobodyWakes, 0, 0, GIVE_WAY_MS)
    },
  }
}
