/** What a process holds at a moment, as the system and the process itself see it. */
import { readdirSync, readFileSync, statSync } from 'node:fs'

const MB = 1024 * 1024

export interface ProcessSample {
  readonly rssMb: number
  /** Of V8: in use. */
  readonly heapMb: number
  /** Outside of V8's heap: buffers and what native code has told of. */
  readonly externalMb: number
  readonly descriptors: number
  readonly threads: number
}

export interface Sample {
  readonly second: number
  readonly server: ProcessSample
  readonly executor: ProcessSample
  readonly processes: number
  readonly databaseMb: number
  /** Of the database: written over from its beginning again and again. */
  readonly logMb: number
  readonly events: number
}

function lastLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '{}'
  } catch {
    return '{}'
  }
}

/** `probe` is the file in which the process has told of its memory. */
export function sampleProcess(pid: number, probe: string): ProcessSample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const number = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
  const told = JSON.parse(lastLine(`${probe}.${pid}`)) as Partial<NodeJS.MemoryUsage>
  return {
    rssMb: number('VmRSS') / 1024,
    heapMb: (told.heapUsed ?? 0) / MB,
    externalMb: (told.external ?? 0) / MB,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: number('Threads'),
  }
}

export const sizeMb = (path: string): number => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / MB
