/** A CPU profile of this process from one moment to another, so that its start is not in it. */
import { type Profiler as Inspected, Session } from 'node:inspector/promises'

// 100 µs: an event takes about a millisecond.
const INTERVAL_MICROS = 100

export class Profiler {
  readonly #session = new Session()

  async begin(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS })
    await this.#session.post('Profiler.start')
  }

  async end(): Promise<Inspected.Profile> {
    const { profile } = await this.#session.post('Profiler.stop')
    this.#session.disconnect()
    return profile
  }
}
