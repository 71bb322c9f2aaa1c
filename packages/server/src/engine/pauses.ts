/** Until when paused runs may be resumed. Memory only: whoever uses it fills it at the start, and looks into the store again. */
import { type FlowRun, type Micros, parseIso } from '@pilotflame/core'

export class Pauses {
  readonly #until = new Map<string, Micros>()
  /** Called when a run has come to pause. */
  onPaused: () => void = () => undefined

  /** The run has entered or left a pause. */
  note({ id, state }: Pick<FlowRun, 'id' | 'state'>): void {
    const { pause_timeout: limit } = state.details
    if (state.type === 'PAUSED' && typeof limit === 'string') this.add(id, limit)
    else this.#until.delete(id)
  }

  add(id: string, limit: string): void {
    const until = parseIso(limit)
    if (until !== undefined) this.lookAt(id, until)
  }

  lookAt(id: string, at: Micros): void {
    this.#until.set(id, at)
    this.onPaused()
  }

  /** Takes out those whose time is over. */
  takeExpired(now: Micros): readonly string[] {
    const expired = [...this.#until].filter(([, until]) => until < now).map(([id]) => id)
    for (const id of expired) this.#until.delete(id)
    return expired
  }

  /** When the next one is over. */
  next(): Micros | undefined {
    return this.#until.size === 0 ? undefined : Math.min(...this.#until.values())
  }
}
