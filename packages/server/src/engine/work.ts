/**
 * One unit of work: a body of the store with the runs it has in hand, the events its state changes make, and what
 * is left to do once it is on disk. Every change of a run's state goes through here.
 *
 * Keeps I4 (a run, its states and so their events are written together) and I5 (effects run after the flush).
 */
import type { Event, FlowRun, State } from '@pilotflame/core'
import type { Session } from '../executors/session.ts'
import type { RecordedResult, TransactionOptions, Tx } from '../store/store.ts'
import type { EngineCore } from './engine-core.ts'
import { mirrorSubflows, type SubflowChange } from './subflows.ts'

interface RunInHand {
  run: FlowRun
  dirty: boolean
  readonly isNew: boolean
  readonly states: State[]
}

/** A state that a run has entered, and what is needed to make its event should anybody want it. */
export interface StateChange {
  readonly run: FlowRun
  readonly state: State
  readonly previous: State | null
}

export class Work {
  readonly tx: Tx
  readonly #runs = new Map<string, RunInHand>()
  readonly changes: StateChange[] = []
  /** Those of them whose run is a subflow, still to be shown in its parent's run. */
  readonly subflows: SubflowChange[] = []
  /** Events that came in or were made here, still to be matched. */
  readonly events: Event[] = []
  /** Events that were matched here, by their ids: those of states are not written yet. */
  readonly matched = new Map<string, Event>()
  readonly reserved: Session[] = []
  /** Run id → results of its earlier attempts, for runs that start again here. */
  readonly recorded = new Map<string, readonly RecordedResult[]>()
  readonly #effects: (() => void)[] = []

  constructor(tx: Tx) {
    this.tx = tx
  }

  async findRun(id: string): Promise<FlowRun | undefined> {
    const inHand = this.#runs.get(id)
    if (inHand) return inHand.run
    const run = await this.tx.findRun(id)
    if (run) this.#runs.set(id, { run, dirty: false, isNew: false, states: [] })
    return run
  }

  /** True when a run has entered this state here. */
  hasEntered(stateId: string): boolean {
    return this.changes.some(({ state }) => state.id === stateId)
  }

  async findEvent(id: string): Promise<Event | undefined> {
    return this.matched.get(id) ?? this.tx.findEvent(id)
  }

  addRun(run: FlowRun, states: readonly State[]): void {
    this.#runs.set(run.id, { run, dirty: true, isNew: true, states: [...states] })
    states.forEach((state, index) => {
      this.#changed({ run, state, previous: states[index - 1] ?? null })
    })
  }

  /** The run as it is now; with the state it has just entered, if it entered one. */
  putRun(run: FlowRun, state?: State): void {
    const inHand = this.#runs.get(run.id)
    if (!inHand) throw new Error(`run ${run.id} was changed without having been read`)
    if (state) {
      this.#changed({ run, state, previous: inHand.run.state })
      inHand.states.push(state)
    }
    inHand.run = run
    inHand.dirty = true
  }

  #changed(change: StateChange): void {
    this.changes.push(change)
    if (change.run.parentTaskRunId !== null) this.subflows.push(change)
  }

  /** A run that was deleted here is not written again. */
  forget(id: string): void {
    this.#runs.delete(id)
  }

  /** Does `effect` once everything written here is on disk. */
  afterwards(effect: () => void): void {
    this.#effects.push(effect)
  }

  write(): void {
    for (const { run, dirty, isNew, states } of this.#runs.values()) {
      if (isNew) this.tx.insertRun(run, states)
      else if (dirty) this.tx.updateRun(run, states)
    }
  }

  settle(): void {
    for (const effect of this.#effects) effect()
  }
}

export interface WorkOptions {
  /** The monotonic moment at which what started this was here. Default: now. */
  readonly receivedMark?: number
  /** The shortest way to the disk; see `TransactionOptions`. */
  readonly journal?: TransactionOptions['journal']
  /** Called before any later body runs, when this one has failed. */
  readonly failed?: () => void
}

/** Runs `body`, matches the events it makes, writes, and does what is left when all of it is on disk. */
export async function unitOfWork<T>(
  core: EngineCore,
  body: (work: Work) => Promise<T>,
  { receivedMark = core.clock.monotonic(), journal, failed }: WorkOptions = {},
): Promise<T> {
  const { store, registry, match } = core
  let work: Work | undefined
  const giveBack = (): void => {
    for (const session of work?.reserved ?? []) registry.release(session)
  }
  try {
    return await store.transaction(
      async (tx) => {
        giveBack() // of a first time that was undone
        const current = new Work(tx)
        work = current
        const result = await body(current)
        if (current.subflows.length > 0) await mirrorSubflows(core, current)
        await match(current, receivedMark)
        if (current.subflows.length > 0) await mirrorSubflows(core, current)
        current.write()
        return result
      },
      { journal, durable: () => work?.settle(), ...(failed ? { failed } : {}) },
    )
  } catch (error) {
    giveBack()
    throw error
  }
}
