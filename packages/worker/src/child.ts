/** What a host knows of one of its processes. */
import type { ChildEndKind, Ms, PoolChild, PoolChildState, StopStage } from '@pilotflame/core'

export interface ChildRun {
  readonly runId: string
  readonly epoch: number
}

/** Why the host has killed it. */
export interface Killed {
  readonly kind: ChildEndKind
  readonly message: string
}

/** Of stderr: what is kept for the message of a failed start. */
const TAIL_LINES = 8
const TAIL_LINE_CHARACTERS = 300
// The places in the code, and Node's own last line, say less than what is above them.
const SAYS_LITTLE = /^\s+at |^Node\.js v|^\s*\^?$/
// How V8 says it before it aborts.
const HEAP_EXHAUSTED = /JavaScript heap out of memory/

export class Child {
  readonly id: number
  readonly version: string
  readonly startedAt: Ms
  pid: number | undefined
  state: PoolChildState = 'starting'
  since: Ms
  sessionId: string | null = null
  run: ChildRun | null = null
  /** The last run that it said has ended; the server's word that it was placed may come after. */
  lastEnded: ChildRun | null = null
  runs = 0
  memoryMb: number | null = null
  stoppedSince: Ms | null = null
  heapExhausted = false
  killed: Killed | null = null
  /** What it said before it left because its code or a hook failed. */
  failed: string | null = null
  cancelledAt: Ms | null = null
  stages: StopStage[] = []
  readonly #tail: string[] = []
  #timers: (() => void)[] = []

  constructor(id: number, version: string, now: Ms) {
    this.id = id
    this.version = version
    this.startedAt = now
    this.since = now
  }

  enter(state: PoolChildState, now: Ms): void {
    this.state = state
    this.since = now
  }

  /** Its timers are those of what it does now: a run, or leaving. */
  keepTimer(stop: () => void): void {
    this.#timers.push(stop)
  }

  stopTimers(): void {
    for (const stop of this.#timers.splice(0)) stop()
  }

  heard(text: string): void {
    if (HEAP_EXHAUSTED.test(text)) this.heapExhausted = true
    if (SAYS_LITTLE.test(text)) return
    this.#tail.push(text.slice(0, TAIL_LINE_CHARACTERS))
    if (this.#tail.length > TAIL_LINES) this.#tail.shift()
  }

  get tail(): string {
    return this.#tail.join('\n').trim()
  }

  /** The run is over, or somebody else's. */
  forgetRun(): void {
    this.stopTimers()
    this.run = null
    this.cancelledAt = null
    this.stages = []
  }

  facts(): PoolChild {
    const { id, state, run, since, startedAt, version, runs, memoryMb } = this
    return { id, state: state === 'leaving' || run === null ? state : 'busy', since, startedAt, version, runs, memoryMb }
  }
}
