/** When runs of a deployment were handed over lately, and the moment of quiet that each of them gets. */
import { ARRIVALS_MS, type Ms } from '@pilotflame/core'

/** A replacement starts so long after the hand-over: most runs have said their first line by then. */
export const REFILL_MS = 20
const ARRIVALS_MAX = 64

export class Arrivals {
  quietUntil: Ms = Number.NEGATIVE_INFINITY
  moments: readonly Ms[] = []

  add(now: Ms): void {
    this.moments = [...this.moments, now].slice(-ARRIVALS_MAX)
    // It is not put off by the next run, or a steady flow of them would find nobody ready.
    if (now >= this.quietUntil) this.quietUntil = now + REFILL_MS
  }

  anySince(now: Ms): boolean {
    return this.moments.some((at) => now - at < ARRIVALS_MS)
  }
}
