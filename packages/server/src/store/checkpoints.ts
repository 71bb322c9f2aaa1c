/**
 * Keeps the log from growing without end. The reader's thread moves it into the database file, beside the writer.
 * Under a load without any pause that alone never lets the log begin anew: past a hard bound the bodies wait in
 * their queue for the rest of the move. The thread is not held meanwhile.
 */
import type { GroupCommit } from './group-commit.ts'
import type { ReaderThread } from './reader.ts'

/** A commit is 5 to 15 pages: asking after each 64 is often enough for a bound of thousands, and costs nothing. */
const COMMITS_PER_LOOK = 64
/** 64 MB of pages of 4 KB. */
const PAGES_MAX = 16_000

export class Checkpoints {
  readonly #thread: ReaderThread
  readonly #commits: Pick<GroupCommit, 'pause' | 'resume'>
  readonly #onError: (error: unknown) => void
  #since = 0
  #busy = false

  constructor(thread: ReaderThread, commits: Pick<GroupCommit, 'pause' | 'resume'>, onError: (error: unknown) => void) {
    this.#thread = thread
    this.#commits = commits
    this.#onError = onError
  }

  afterCommit(): void {
    this.#since += 1
    if (this.#since < COMMITS_PER_LOOK || this.#busy) return
    this.#since = 0
    this.#busy = true
    this.#look()
      .catch(this.#onError)
      .finally(() => {
        this.#busy = false
      })
  }

  async #look(): Promise<void> {
    const size = await this.#thread.checkpoint(false)
    if (size.log < PAGES_MAX || size.checkpointed === size.log) return
    await this.#commits.pause()
    try {
      await this.#thread.checkpoint(true)
    } finally {
      this.#commits.resume()
    }
  }
}
