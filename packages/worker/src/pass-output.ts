/** Passes on what processes write to this one's own output, and drops lines rather than hold them where nobody reads. */
import type { OutputStream } from './host-ports.ts'

const HELD_BYTES_MAX = 4_000_000

type Sink = Pick<NodeJS.WriteStream, 'write' | 'writableLength'>

export function createOutput(
  sinks: Readonly<Record<OutputStream, Sink>> = process,
): (stream: OutputStream, text: string) => void {
  const dropped = { stdout: 0, stderr: 0 }
  return (stream, text) => {
    const sink = sinks[stream]
    if (sink.writableLength > HELD_BYTES_MAX) {
      dropped[stream]++
      return
    }
    if (dropped[stream] > 0) sink.write(`(${dropped[stream]} lines were dropped: nobody read this output)\n`)
    dropped[stream] = 0
    sink.write(`${text}\n`)
  }
}
