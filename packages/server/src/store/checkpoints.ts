/**
 * Keeps the log from growing without end. The reader's thread moves it into the database file, beside the writer.
 * Under a load without any pause that alone never lets the log begin anew: past a hard bound the bodies wait in
 * their queue for the rest of the move. The thread is not held meanwhile.
 */
import type { GroupCommit } from './group-commit.ts'
import type { ReaderThread } from './reader.ts'

/** A body that is executed, or a record that is brought into the tables, writes 1 to 20 pages: 5 000 between two looks. A look costs one message. */
const BODIES_PER_LOOK = 256
/** 32 MB of pages of 4 KB; with what comes before and during the move the file stays below three times that. A log that is written over again is flushed faster than one that grows: p50 0.40 ms, not 0.74. */
const PAGES_MAX = 8_000
/** The thread steps back behind the path; where it gets no time at all, so many bodies may pass it by, and then wait. */
const BODIES_BEHIND_MAX = 1_024

export class Checkpoints {
  readonly #thread: ReaderThread
  readonly #commits: Pick<GroupCommit, 'pause' | 'resume'>
  readonly #onError: (error: unknown) => void
  #since = 0
  #busy = false
  /** Bodies wait for the look that is under way. */
  #held = false

  constructor(thread: ReaderThread, commits: Pick<GroupCommit, 'pause' | 'resume'>, onError: (error: unknown) => void) {
    this.#thread = thread
    this.#commits = commits
    this.#onError = onError
  }

  afterCommit(bodies: number): void {
    this.#since += bodies
    if (this.#busy) return this.#holdBack()
    if (this.#since < BODIES_PER_LOOK) return
    this.#since = 0
    this.#busy = true
    this.#look()
      .catch(this.#onError)
      .finally(() => {
        this.#busy = false
        if (this.#held) this.#commits.resume()
        this.#held = false
      })
  }

  #holdBack(): void {
    if (this.#held || this.#since < BODIES_BEHIND_MAX) return
    this.#held = true
    void this.#commits.pause()
  }

  async #look(): Promise<void> {
    const size = await this.#thread.checkpoint(false)
    if (size.log < PAGES_MAX) return
    await this.#commits.pause()
    try {
      await this.#thread.checkpoint(true)
    } finally {
      this.#commits.resume()
    }
  }
}
