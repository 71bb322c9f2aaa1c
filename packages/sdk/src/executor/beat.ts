/** Says that this process is alive, on a connection of its own. */
import type { Connection, Target } from './channel-lines.ts'
import { connect } from './connection.ts'

export interface BeatOptions {
  readonly target: Target
  readonly sessionId: string
  readonly everyMs: number
}

/** Beats until the returned function is called; connects again by itself. */
export function keepBeating({ target, sessionId, everyMs }: BeatOptions): () => void {
  const line = JSON.stringify({ type: 'beat', session_id: sessionId })
  let connection: Connection | undefined
  let connecting = false
  let stopped = false
  const closed = () => {
    connection = undefined
  }
  const open = async () => {
    connecting = true
    try {
      const opened = await connect(target, { frame: () => {}, closed })
      if (stopped) return opened.close()
      connection = opened
      opened.send(line)
    } catch {
      // The server is away; the next beat tries again.
    } finally {
      connecting = false
    }
  }
  const beat = () => {
    if (connection) connection.send(line)
    else if (!connecting) void open()
  }
  const timer = setInterval(beat, everyMs)
  timer.unref()
  beat()
  return () => {
    stopped = true
    clearInterval(timer)
    connection?.close()
  }
}
