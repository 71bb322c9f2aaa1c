/** How serving is ended: the first Ctrl-C, SIGTERM or abort drains, the second one hands the runs back and leaves. */

// 10 s: what a run at work gets to end by itself.
const DRAIN_MS_MAX = 10_000
// 500 ms: the server has heard by then, and what the user's code left open does not keep the process.
const LEAVE_MS = 500

export interface Endable {
  drain(): Promise<void>
  handBack(): void | Promise<void>
}

/** Returns a way to forget it. */
export function endWith(server: Endable, signal: AbortSignal | undefined): () => void {
  let asked = false
  let timer: NodeJS.Timeout | undefined
  const handBack = async (name: NodeJS.Signals | undefined) => {
    clearTimeout(timer)
    await server.handBack()
    if (name) leaveLate(name === 'SIGINT' ? 130 : 143)
  }
  const ask = (name: NodeJS.Signals | undefined) => {
    if (asked) return void handBack(name)
    asked = true
    timer = setTimeout(() => void handBack(name), DRAIN_MS_MAX)
    void server.drain()
  }
  const onSignal = (name: NodeJS.Signals) => ask(name)
  const onAbort = () => ask(undefined)
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  return () => {
    clearTimeout(timer)
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** A run that was handed back must not go on here beside the next attempt of it. */
function leaveLate(code: number): void {
  setTimeout(() => process.exit(code), LEAVE_MS).unref()
}
