/** Captures `console.*` to the log of the run that it is called in, and still prints. Once per process. */
import { format } from 'node:util'
import { currentContext } from './context.ts'
import { LEVELS } from './log.ts'

const CAPTURED = { debug: LEVELS.debug, log: LEVELS.info, info: LEVELS.info, warn: LEVELS.warning, error: LEVELS.error } as const
type Method = keyof typeof CAPTURED

let holders = 0
let restore: (() => void) | undefined

function capture(method: Method): () => void {
  const original = console[method]
  const wrapped = (...parts: unknown[]): void => {
    original.apply(console, parts)
    const context = currentContext()
    if (context) context.host.log(CAPTURED[method], format(...parts), 'console', context.taskRunId)
  }
  console[method] = wrapped
  return () => {
    // Somebody else may have put another one over ours; theirs stays.
    if (console[method] === wrapped) console[method] = original
  }
}

/** Captures until the returned function was called; with several holders, until the last one has let go. */
export function captureConsole(): () => void {
  if (holders++ === 0) {
    const restores = (Object.keys(CAPTURED) as Method[]).map(capture)
    restore = () => {
      for (const undo of restores) undo()
    }
  }
  let held = true
  return () => {
    if (!held) return
    held = false
    if (--holders === 0) restore?.()
  }
}
