/** The machine's clocks, as the marks and the moments on the wire need them. */
import { readFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import type { Micros } from '@pilotflame/core'

/** The monotonic clock in microseconds, with fractions; comparable between processes with the same boot id. */
export const monotonicMicros = (): number => Number(process.hrtime.bigint()) / 1000

// 5 ms: the wall clock was set; below it, the monotonic clock is the finer one.
const WALL_STEP_MICROS = 5_000
let wallAnchor = 0
let monotonicAnchor = 0
let lastAt = 0

/** Microseconds since 1970, strictly increasing within this process, so that lines keep their order. */
export function wallMicros(): Micros {
  const monotonic = monotonicMicros()
  const wall = Date.now() * 1000
  const estimate = wallAnchor + (monotonic - monotonicAnchor)
  if (Math.abs(estimate - wall) > WALL_STEP_MICROS) {
    wallAnchor = wall
    monotonicAnchor = monotonic
  }
  const at = Math.floor(wallAnchor + (monotonic - monotonicAnchor))
  lastAt = Math.max(at, lastAt + 1)
  return lastAt
}

/** Names the machine's boot. Elsewhere than on Linux: host and boot time, rounded to 10 s since it is computed. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    const bootSeconds = Math.round((Date.now() / 1000 - uptime()) / 10) * 10
    return `${hostname()}-${bootSeconds}`
  }
}
