/**
 * Why processes of a deployment do not start. One that ends before it was ready is a failed start, and one that ends
 * by itself right after; the next one that becomes ready ends the row.
 */
import type { Ms } from '@pilotflame/core'
import type { Child } from './child.ts'
import type { ChildExit } from './host-ports.ts'

/** One that has waited for a run so long had started well. */
const SETTLED_MS = 5_000

function isFailedStart({ state, killed, run, runs, since }: Child, { signal, code }: ChildExit, now: Ms): boolean {
  if (killed?.kind === 'retired') return false
  if (state === 'starting') return true
  const unused = state === 'ready' && run === null && runs === 0
  return unused && signal === null && code !== 0 && now - since < SETTLED_MS // a signal says nothing about the code
}

/** What the process said of it, or how it ended and the last that it wrote to stderr. */
function describeFailure({ state, failed, killed, tail }: Child, message: string): string {
  if (failed !== null) return failed
  const when = state === 'starting' ? 'before it was ready' : 'while it waited for a run'
  const what = killed?.kind === 'exit' ? message : `${message} ${when}`
  return tail === '' ? what : `${what}:\n${tail}`
}

export class StartFailures {
  count = 0
  lastAt: Ms = 0
  /** For people; null when the last one has started. */
  text: string | null = null

  ended(child: Child, exit: ChildExit, message: string, now: Ms): void {
    if (!isFailedStart(child, exit, now)) return
    this.count++
    this.lastAt = now
    this.text = describeFailure(child, message)
  }

  forget(): void {
    this.count = 0
    this.text = null
  }
}
