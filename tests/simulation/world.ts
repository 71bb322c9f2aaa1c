/**
 * One schedule's world: virtual time, the server, machines with their executors, clients, and what the checks know.
 * Everything that happens in it comes from its seed.
 */
import { Ledger } from './books.ts'
import { type Covered, noCoverage } from './coverage.ts'
import type { ExecutorProcess } from './executor-process.ts'
import type { ModelAttempt } from './model-attempt.ts'
import { SeededRandom } from './seeded-random.ts'
import { ServerProcess } from './server-process.ts'
import { Timeline } from './timeline.ts'
import type { VirtualProcess } from './virtual-process.ts'

/** A state that an executor has told, or will. */
export interface ToldState {
  readonly runId: string
  readonly epoch: number
  readonly sessionId: string
}

export interface WorldOptions {
  /** The flush answers before its disk has. Only to show that this is found. Default: false. */
  readonly flushAnswersEarly?: boolean
  /** Keeps a line for each step. Default: false. */
  readonly traced?: boolean
}

/** The schedule is over: an invariant does not hold. */
export class Violation extends Error {}

export const MS = 1_000
export const SECOND = 1_000_000

export class World {
  readonly seed: number
  readonly options: WorldOptions
  readonly random: SeededRandom
  readonly timeline = new Timeline()
  readonly ledger = new Ledger()
  readonly coverage = noCoverage()
  readonly server: ServerProcess
  /** By their sessions. */
  readonly executors = new Map<string, ExecutorProcess>()
  /** By process id. */
  readonly processes = new Map<number, VirtualProcess>()
  readonly told = new Map<string, ToldState>()
  /** By run and epoch. */
  readonly attempts = new Map<string, ModelAttempt>()
  /** Run and task → how often its side effect was done. Outside of the server, as a file of the user's would be. */
  readonly effects = new Map<string, number>()
  /** Tasks whose record their executor was told is kept → the lease it had. */
  readonly recorded = new Map<string, number>()
  /** Runs that somebody wanted to be deleted. */
  readonly deleted = new Set<string>()
  #lastPid = 100
  readonly trace: string[] = []
  /** The first thing that is wrong. */
  violation: Violation | null = null
  /** The version of the users' code that a process loads when it starts. */
  code = 1
  /** Faults happen; false when the schedule comes to its end. */
  faulty = true
  readonly #taskRuns = new Map<string, string>()
  readonly #bucketsAtCrash = new Set<string>()

  constructor(seed: number, options: WorldOptions = {}) {
    this.seed = seed
    this.options = options
    this.random = new SeededRandom(seed)
    this.server = new ServerProcess(this)
  }

  violated(invariant: string, message: string): void {
    this.note(() => `VIOLATED ${invariant}: ${message}`)
    this.violation ??= new Violation(`${invariant}: ${message}`)
  }

  note(line: () => string): void {
    if (this.options.traced) this.trace.push(`${(this.timeline.now / SECOND).toFixed(6)} ${line()}`)
  }

  cover(what: Covered): void {
    this.coverage[what] += 1
    this.note(() => `(${what})`)
  }

  /** How long a frame is on its way, in microseconds: mostly short, sometimes longer than a session's grace. */
  latency(): number {
    const { random } = this
    if (!this.faulty || random.chance(0.9)) return random.between(30, 400)
    if (random.chance(0.9)) return random.between(1 * MS, 300 * MS)
    return random.between(0.3 * SECOND, 9 * SECOND)
  }

  /** The same for the same call of every attempt. */
  taskRunId(runId: string, task: string): string {
    const key = `${runId} ${task}`
    const known = this.#taskRuns.get(key)
    if (known !== undefined) return known
    const made = this.random.uuid(Math.floor(this.server.wall() / 1000))
    this.#taskRuns.set(key, made)
    return made
  }

  /** A task does what it does to the world outside. Nobody can stop one whose lease has ended and who has not heard of it. */
  effect(runId: string, task: string, epoch: number): void {
    const key = `${runId} ${task}`
    this.effects.set(key, (this.effects.get(key) ?? 0) + 1)
    const recorded = this.recorded.get(key)
    if (recorded !== undefined && epoch >= recorded)
      this.violated('tasks once', `${task} of run ${runId} was done again after its record was acknowledged`)
  }

  executorOf(sessionId: string): ExecutorProcess | undefined {
    return this.executors.get(sessionId)
  }

  nextPid(): number {
    this.#lastPid += 1
    return this.#lastPid
  }

  /** The server has crashed: what is counted from here on is counted across it. */
  crashed(): void {
    for (const [key, { count }] of this.ledger.books.buckets) if (count > 0) this.#bucketsAtCrash.add(key)
  }

  countedOn(key: string): void {
    if (this.#bucketsAtCrash.delete(key)) this.cover('trigger bucket across a crash')
  }
}
