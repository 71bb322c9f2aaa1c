/**
 * One attempt of a run in an executor of the simulation: its user code is made up from the seed. It reports as the SDK's
 * attempt does: Running first, its end last, a task's result awaited, nothing more once its lease is lost.
 */
import type { Item, RunFrame, StateItem } from '@pilotflame/core'
import type { Lease, Refusal } from '../../packages/sdk/src/executor/outbox.ts'
import { leaseIsLost } from '../../packages/sdk/src/executor/reporter.ts'
import type { ExecutorProcess } from './executor-process.ts'
import { MS, SECOND } from './world.ts'

type Step = 'chunk' | 'log' | 'wait' | `task ${number}`
type Ending = 'returns' | 'throws' | 'dies'

/** As after `process.exit(1)`, a signal, and the end of its memory. */
const DEATHS = [
  { code: 1, signal: null },
  { code: null, signal: 'SIGSEGV' },
] as const

interface Program {
  readonly steps: readonly Step[]
  readonly ending: Ending
  /** How long it goes on after it was told to stop. */
  readonly deafMicros: number
}

export class ModelAttempt {
  readonly frame: RunFrame
  readonly #executor: ExecutorProcess
  readonly #lease: Lease = { lost: undefined }
  readonly #program: Program
  readonly #recorded: ReadonlySet<string>
  /** True while its user code runs. */
  atWork = false
  #at = 0
  #running = false
  #cancelled = false
  #over = false
  /** True once its function has returned. */
  hasCompleted = false
  #chunks = 0

  constructor(executor: ExecutorProcess, frame: RunFrame) {
    this.frame = frame
    this.#executor = executor
    this.#program = this.#write()
    this.#recorded = new Set(frame.recorded.map(({ task_key }) => task_key))
    executor.world.attempts.set(`${frame.run_id} ${frame.epoch}`, this)
  }

  #write(): Program {
    const { random } = this.#executor.world
    const steps: Step[] = []
    const tasks = random.below(3)
    for (let task = 0; task < tasks; task += 1) steps.push(`task ${task}`)
    const others = random.below(3)
    for (let other = 0; other < others; other += 1) {
      steps.splice(random.below(steps.length + 1), 0, random.pick(['chunk', 'chunk', 'log', 'wait'] as const))
    }
    const ending = random.chance(0.72) ? 'returns' : random.chance(0.6) ? 'throws' : 'dies'
    return { steps, ending, deafMicros: random.chance(0.8) ? random.between(0, 50 * MS) : random.between(0, 4 * SECOND) }
  }

  start(): void {
    this.atWork = true
    this.#enterRunning()
    this.#next()
  }

  #next(): void {
    const { random } = this.#executor.world
    const kind = random.fraction()
    const delay =
      kind < 0.55 ? random.between(0, 15) : kind < 0.85 ? random.between(15, 3 * MS) : random.between(3 * MS, 1.5 * SECOND)
    this.#executor.after(delay, 'line of a run', () => this.#line())
  }

  #line(): void {
    if (this.#over) return
    const step = this.#program.steps[this.#at]
    this.#at += 1
    if (step === undefined) return this.#end()
    if (step.startsWith('task ')) return this.#task(step)
    if (step === 'chunk') this.#chunk()
    else if (step === 'log') this.#log()
    this.#next()
  }

  get #key() {
    return { run_id: this.frame.run_id, epoch: this.frame.epoch }
  }

  #id(): string {
    const { random, server } = this.#executor.world
    return random.uuid(Math.floor(server.wall() / 1000))
  }

  #wall(): number {
    return Math.round(this.#executor.wall())
  }

  readonly #settled = (refusal: Refusal | undefined): void => {
    if (refusal && leaseIsLost(refusal)) this.lose(refusal)
  }

  #add(item: Item, settled = this.#settled): void {
    this.#executor.outbox.add({ item, lease: this.#lease, characters: 100, settled })
  }

  #state(state: StateItem['state'], settled: (refusal: Refusal | undefined) => void): void {
    const id = this.#id()
    const { world, sessionId } = this.#executor
    world.told.set(id, { runId: this.frame.run_id, epoch: this.frame.epoch, sessionId })
    this.#add({ kind: 'state', ...this.#key, id, state }, settled)
  }

  #enterRunning(): void {
    if (this.#running) return
    this.#running = true
    this.#state({ type: 'RUNNING' }, (refusal) => {
      if (!refusal) return
      if (leaseIsLost(refusal)) this.lose(refusal)
      else this.cancel()
    })
  }

  #chunk(): void {
    this.#chunks += 1
    const text = `${this.frame.epoch} chunk ${this.#chunks}`
    this.#add({ kind: 'chunk', ...this.#key, attempt: this.frame.attempt, n: this.#chunks, text })
  }

  #log(): void {
    const item = { id: this.#id(), task_run_id: null, name: 'console', level: 20, message: 'a line', at: this.#wall() }
    this.#add({ kind: 'log', ...this.#key, ...item })
  }

  #task(key: string): void {
    if (this.#recorded.has(key)) return this.#next()
    const { world } = this.#executor
    const report = {
      task_run_id: world.taskRunId(this.frame.run_id, key),
      task_key: key,
      dynamic_key: '0',
      name: key,
      run_count: 1,
    }
    this.#add({ kind: 'task', ...this.#key, id: this.#id(), ...report, state: { type: 'RUNNING' }, at: this.#wall() })
    world.effect(this.frame.run_id, key, this.frame.epoch)
    const record = (): void => {
      if (this.#over) return
      const done = { ...report, state: { type: 'COMPLETED' }, at: this.#wall(), result: key } as const
      this.#add({ kind: 'task', ...this.#key, id: this.#id(), ...done }, (refusal) => {
        if (refusal) return this.#settled(refusal)
        world.recorded.set(`${this.frame.run_id} ${key}`, this.frame.epoch)
        if (!this.#over) this.#next()
      })
    }
    this.#executor.after(world.random.between(10, 2 * MS), 'task of a run', record)
  }

  #end(): void {
    const { ending } = this.#program
    const { random } = this.#executor.world
    if (this.#cancelled) return this.#stop({ type: 'CANCELLED', message: 'stopped' })
    if (ending === 'dies') return this.#executor.end(random.pick(DEATHS))
    this.hasCompleted = ending === 'returns'
    this.#stop(ending === 'returns' ? { type: 'COMPLETED' } : { type: 'FAILED', message: 'it threw' })
  }

  /** The function has ended; the server is told, unless it does not want to know. */
  #stop(state: StateItem['state']): void {
    if (this.#over) return
    this.#over = true
    this.atWork = false
    if (!this.#lease.lost) {
      this.#state(state, (refusal) => {
        this.#settled(refusal)
        this.#executor.forget(this)
      })
    }
    this.#executor.ended(this)
  }

  /** It was told to stop. */
  get isTold(): boolean {
    return this.#cancelled || this.#lease.lost !== undefined
  }

  cancel(): void {
    if (this.#cancelled) return
    this.#cancelled = true
    if (!this.atWork) return this.#stop({ type: 'CANCELLED', message: 'never started' })
    this.#executor.after(this.#program.deafMicros, 'a run hears its abort', () =>
      this.#stop({ type: 'CANCELLED', message: 'stopped' }),
    )
  }

  /** Nobody listens any more: it stops soon, and says nothing. */
  lose(refusal: Refusal): void {
    if (this.#lease.lost) return
    this.#lease.lost = refusal
    this.#executor.forget(this)
    this.#executor.after(this.#program.deafMicros, 'a lost run hears its abort', () => this.#stop({ type: 'CANCELLED' }))
  }
}
