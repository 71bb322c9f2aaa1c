/**
 * What one attempt of a run tells the server. It says Running before anything else, its end last, and nothing
 * after that; it holds back where the server does not keep up.
 */
import {
  AppError,
  ERRORS,
  type ErrorCode,
  type Item,
  type Json,
  type Marks,
  type RunFrame,
  type StateItem,
} from '@pilotflame/core'
import { wallMicros } from '../machine/clock.ts'
import { uuidv7 } from '../machine/uuid.ts'
import type { TaskReport } from '../run/context.ts'
import { cutMessage, LEVELS } from '../run/log.ts'
import { HELD_CHARACTERS_MAX, type Lease, type Outbox, type Refusal } from './outbox.ts'

// What an item costs beside its text.
const ITEM_CHARACTERS = 200

/** The error that a refusal stands for; `internal` for a code that this version does not know. */
export const errorOf = ({ code, message }: Refusal): AppError =>
  new AppError(code in ERRORS ? (code as ErrorCode) : 'internal', message)

/** The run belongs to somebody else now, or is gone: nothing of it is wanted here. */
export const leaseIsLost = ({ code }: Refusal): boolean =>
  code === 'stale_lease' || code === 'session_ended' || code === 'run_not_found'

export type EndState = Pick<StateItem, 'state' | 'result'>

export interface ReporterEvents {
  /** The server does not take the run's states any more. */
  refused(refusal: Refusal): void
  /** The end is on the server's disk, or the server does not want to know. */
  acknowledged(): void
}

export class Reporter {
  readonly lease: Lease = { lost: undefined }
  readonly #frame: RunFrame
  readonly #outbox: Outbox
  readonly #marks: () => Marks
  readonly #events: ReporterEvents
  #running = false
  #ended = false
  #chunks = 0
  #logsDropped = 0

  constructor(frame: RunFrame, outbox: Outbox, marks: () => Marks, events: ReporterEvents) {
    this.#frame = frame
    this.#outbox = outbox
    this.#marks = marks
    this.#events = events
  }

  get #key(): { run_id: string; epoch: number } {
    return { run_id: this.#frame.run_id, epoch: this.#frame.epoch }
  }

  /** One callback for all items that nobody waits for: a chunk costs no closure. */
  readonly #settled = (refusal: Refusal | undefined): void => {
    if (refusal && leaseIsLost(refusal)) this.#events.refused(refusal)
  }

  #add(item: Item, characters: number, settled = this.#settled, urgent = false): void {
    if (!this.#ended) this.enterRunning() // one that ends before its first line never was Running
    this.#outbox.add({ item, lease: this.lease, characters: ITEM_CHARACTERS + characters, settled }, urgent)
  }

  /** Says Running, once. */
  enterRunning(): void {
    if (this.#running) return
    this.#running = true
    const item: StateItem = { kind: 'state', ...this.#key, id: uuidv7(), state: { type: 'RUNNING' }, marks: this.#marks() }
    const settled = (refusal: Refusal | undefined) => refusal && this.#events.refused(refusal)
    this.#outbox.add({ item, lease: this.lease, characters: ITEM_CHARACTERS, settled })
  }

  /** A chunk. The first one leaves at once. */
  chunk(text: string): void {
    if (this.#ended) return
    if (this.#outbox.overfull) throw overfull()
    const n = ++this.#chunks
    this.#add({ kind: 'chunk', ...this.#key, attempt: this.#frame.attempt, n, text }, text.length, this.#settled, n === 1)
  }

  /** A line; dropped while too much is held back, with a notice when there is room again. */
  log(level: number, message: string, name: string, taskRunId: string | null): void {
    if (this.#ended) return
    if (this.#outbox.full) {
      this.#logsDropped++
      return
    }
    this.#noticeDropped()
    this.#line(level, cutMessage(message), name, taskRunId)
  }

  #line(level: number, message: string, name: string, taskRunId: string | null): void {
    const item: Item = { kind: 'log', ...this.#key, id: uuidv7(), task_run_id: taskRunId, name, level, message, at: wallMicros() }
    this.#add(item, message.length)
  }

  #noticeDropped(): void {
    if (this.#logsDropped === 0) return
    const count = this.#logsDropped
    this.#logsDropped = 0
    this.#line(
      LEVELS.warning,
      `${count} lines of this run's log were dropped while the server was away.`,
      'pilotflame.flow_runs',
      null,
    )
  }

  report(report: TaskReport): void {
    if (!this.#ended) this.#add({ kind: 'task', ...this.#key, id: uuidv7(), at: wallMicros(), ...report }, 0)
  }

  /** Settles when it is on the server's disk; rejects with what the server refuses it with. */
  record(report: TaskReport): Promise<void> {
    if (this.#ended)
      return Promise.reject(
        new AppError('session_ended', 'The run has ended, so this task cannot be recorded. Await every task.'),
      )
    return new Promise((resolve, reject) => {
      this.#add({ kind: 'task', ...this.#key, id: uuidv7(), at: wallMicros(), ...report }, 0, (refusal) => {
        if (!refusal) return resolve()
        this.#settled(refusal)
        reject(errorOf(refusal))
      })
    })
  }

  /** Says how it ended. Nothing of the run is sent after it. */
  end(end: EndState): void {
    if (this.#ended) return
    this.#noticeDropped()
    this.#ended = true
    this.#sendEnd(end)
  }

  #sendEnd(end: EndState): void {
    const item: StateItem = { kind: 'state', ...this.#key, id: uuidv7(), ...end, marks: this.#marks() }
    this.#add(item, sizeOf(end.result), (refusal) => {
      this.#settled(refusal)
      // A result that the server cannot take must not leave the run Running for ever.
      const instead = refusal && !this.lease.lost && end.state.type === 'COMPLETED'
      if (instead) this.#sendEnd({ state: { type: 'FAILED', message: `The result was refused: ${refusal.message}` } })
      else this.#events.acknowledged()
    })
  }
}

/** Roughly the characters of a result: texts count, and each value a little. */
function sizeOf(result: Json | undefined): number {
  if (result === undefined) return 0
  return typeof result === 'string' ? result.length : 1_000
}

function overfull(): AppError {
  const megabytes = (2 * HELD_CHARACTERS_MAX) / 1_000_000
  return new AppError(
    'server_unreachable',
    `This process holds ${megabytes} MB that the server has not taken. Await run.stream(…), which waits while too much is held back.`,
  )
}
