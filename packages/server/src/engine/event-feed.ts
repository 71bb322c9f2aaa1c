/**
 * Live events for those who watch: each is told, after its flush (I5) and in the order of the flushes, of the events
 * that fit its filter. While nobody watches, nothing is made for it; a watcher is told and never waited for.
 */
import { type CompiledEventFilter, type Event, eventToWire } from '@pilotflame/core'

export interface Watcher {
  readonly filter: CompiledEventFilter
  /** `text` is the event as subscribers get it, made once for all of them. */
  see(event: Event, text: string): void
}

/** Names that were asked for are remembered, up to so many. */
const NAMES_MAX = 1_000

/** The event as a message to a subscriber. */
export const eventMessage = (event: Event): string => `{"type":"event","event":${JSON.stringify(eventToWire(event))}}`

export class EventFeed {
  readonly #watchers = new Set<Watcher>()
  readonly #names = new Map<string, boolean>()

  get watched(): boolean {
    return this.#watchers.size > 0
  }

  /** True when somebody could want an event of this name: one that nobody wants need not be made. */
  wantsName(name: string): boolean {
    if (this.#watchers.size === 0) return false
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const wanted = [...this.#watchers].some(({ filter }) => filter.wantsName(name))
    if (this.#names.size >= NAMES_MAX) this.#names.clear()
    this.#names.set(name, wanted)
    return wanted
  }

  /** Tells `watcher` of every event whose unit of work begins from now on. Returns a way to stop. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher)
    this.#names.clear()
    return () => {
      this.#watchers.delete(watcher)
      this.#names.clear()
    }
  }

  publish(events: readonly Event[]): void {
    for (const event of events) {
      let text: string | undefined
      for (const watcher of this.#watchers) {
        if (!watcher.filter.includes(event)) continue
        text ??= eventMessage(event)
        watcher.see(event, text)
      }
    }
  }
}
