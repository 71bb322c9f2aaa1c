/** A place in a run's stream: behind a chunk, or behind all of an attempt. */
export interface Position {
  readonly attempt: number
  readonly n: number
}

export const START: Position = { attempt: 0, n: 0 }
/** Behind every chunk of its attempt: its viewers were told that it has ended. */
export const ATTEMPT_OVER = Number.MAX_SAFE_INTEGER

export const isAfter = (chunk: Position, at: Position): boolean =>
  chunk.attempt > at.attempt || (chunk.attempt === at.attempt && chunk.n > at.n)

/** A viewer who is there has read a part of an attempt, and does not know yet whether that is all. */
export const isWithinAttempt = ({ attempt, n }: Position): boolean => attempt > 0 && n !== ATTEMPT_OVER
