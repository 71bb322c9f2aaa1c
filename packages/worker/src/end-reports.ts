/**
 * The words on processes that are gone, until the server is likely to have them: one that was sent over a connection
 * which stayed open a while has arrived; after an outage the others are sent again. It is a hint (I7), so twice is fine.
 */
import type { ChildEndFrame, Ms } from '@pilotflame/core'

/** 10 s: the server ends a session by itself 6 s after its channel closed. */
const ARRIVED_AFTER_MS = 10_000
const REPORTS_MAX = 1_000

interface Report {
  readonly frame: ChildEndFrame
  /** When it was sent over the present connection; null where it was not. */
  sentAt: Ms | null
}

export class EndReports {
  #reports: Report[] = []
  readonly #send: (frame: ChildEndFrame) => void
  #connected = false

  constructor(send: (frame: ChildEndFrame) => void) {
    this.#send = send
  }

  get size(): number {
    return this.#reports.length
  }

  add(frame: ChildEndFrame, now: Ms): void {
    this.#reports = this.#reports.filter(({ sentAt }) => sentAt === null || now - sentAt < ARRIVED_AFTER_MS)
    if (this.#reports.length >= REPORTS_MAX) this.#reports.shift()
    this.#reports.push({ frame, sentAt: this.#connected ? now : null })
    if (this.#connected) this.#send(frame)
  }

  connected(now: Ms): void {
    this.#connected = true
    for (const report of this.#reports) {
      report.sentAt = now
      this.#send(report.frame)
    }
  }

  away(now: Ms): void {
    this.#connected = false
    this.#reports = this.#reports.filter(({ sentAt }) => sentAt === null || now - sentAt < ARRIVED_AFTER_MS)
    for (const report of this.#reports) report.sentAt = null
  }

  /** The server says by itself that this session is over. */
  forget(sessionId: string): void {
    this.#reports = this.#reports.filter(({ frame }) => frame.session_id !== sessionId)
  }
}
