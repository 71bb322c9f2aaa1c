/**
 * Where the time went: the moments that every run passes, in order. Each is a reading of the machine's
 * monotonic clock in microseconds, comparable between processes with the same boot id.
 */
export const MARKS = [
  'received', // the event's bytes are here
  'matched', // an automation wants it, or a person asked for the run
  'committed', // it is on disk
  'dispatched', // an executor was free, and the run was sent to it
  'executor_ready', // the executor has read the message
  'code_ready', // the flow's code is loaded
  'first_line', // the first statement of the user's function
  'first_output', // the first chunk of its stream
  'last_output', // the last chunk of its stream
  'completed', // the function has returned or thrown
] as const
export type Mark = (typeof MARKS)[number]

/** The marks of one attempt. */
export interface Marks {
  /** Names the machine's boot: readings with another one cannot be compared. */
  readonly boot: string
  /** Monotonic microseconds. */
  readonly at: Readonly<Partial<Record<Mark, number>>>
}

export interface TimelinePart {
  readonly mark: Mark
  /** Milliseconds from `received`. */
  readonly at_ms: number
  /** Milliseconds since the mark before it. */
  readonly took_ms: number
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000

/** The marks in order, counted from the first one that is there. */
export function timelineOf(marks: Marks): readonly TimelinePart[] {
  // Reported at its start and at its end: without the end, what stands as its last output is its first one.
  const ended = marks.at.completed !== undefined
  const present = MARKS.filter((mark) => marks.at[mark] !== undefined && (ended || mark !== 'last_output'))
  const start = present[0] === undefined ? 0 : (marks.at[present[0]] as number)
  let previous = start
  return present.map((mark) => {
    const at = marks.at[mark] as number
    const part = { mark, at_ms: round((at - start) / 1000), took_ms: round((at - previous) / 1000) }
    previous = at
    return part
  })
}
