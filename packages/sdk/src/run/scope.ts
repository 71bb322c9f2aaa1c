/**
 * A piece of work that can be told to stop: a run, or one try of a task. Stopping goes down to what was
 * started inside of it. The AbortSignal, and the set of listeners, are made when somebody asks: most tasks never do.
 */
export class Scope {
  #controller: AbortController | undefined
  #stopped = false
  #reason: unknown
  #listeners: Set<(reason: unknown) => void> | undefined

  get stopped(): boolean {
    return this.#stopped
  }

  get reason(): unknown {
    return this.#reason
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#stopped) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Stops the work; the first reason stays. */
  stop(reason: unknown): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#reason = reason
    const listeners = this.#listeners ?? []
    this.#listeners = undefined
    for (const listener of listeners) listener(reason)
    this.#controller?.abort(reason)
  }

  /** Calls back once when the work is stopped, at once when it already is. Returns a way to forget it. */
  onStop(listener: (reason: unknown) => void): () => void {
    if (this.#stopped) {
      listener(this.#reason)
      return () => {}
    }
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
    return () => this.#listeners?.delete(listener)
  }

  throwIfStopped(): void {
    if (this.#stopped) throw this.#reason
  }
}
