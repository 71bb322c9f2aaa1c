/** What the system says of processes, from `/proc`. On other systems nothing is known. */
import { readdirSync, readFileSync } from 'node:fs'
import type { ProcessSample } from './host-ports.ts'

/** Undefined where there is no such file. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function list(path: string): readonly number[] {
  try {
    return readdirSync(path).map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** Null where nothing is known: then V8's own bound on its heap is all that limits its memory. */
export function sampleProcess(pid: number): ProcessSample | null {
  const status = read(`/proc/${pid}/status`)
  if (status === undefined) return null
  const state = /^State:\s+(\S)/m.exec(status)?.[1]
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
  return { rssMb: kilobytes / 1024, stopped: state === 'T' }
}

/** On Linux a priority is one of a thread. */
export function threadsOf(pid: number): readonly number[] {
  const threads = list(`/proc/${pid}/task`)
  return threads.length === 0 ? [pid] : threads
}

/** `pid (name) state parent group …`; a name may hold anything. */
function stateIn(pid: number, group: number): string | undefined {
  const [state, , itsGroup] = (read(`/proc/${pid}/stat`) ?? '').replace(/^.*\) /s, '').split(' ')
  return Number(itsGroup) === group ? state : undefined
}

/** True while anybody of the group is at work. One that has ended and was not reaped yet is not. */
export function isGroupThere(group: number): boolean {
  try {
    process.kill(-group, 0) // the quick way to know that nobody is
  } catch {
    return false
  }
  const states = list('/proc').map((pid) => stateIn(pid, group))
  const known = states.filter((state) => state !== undefined)
  return known.length === 0 ? list('/proc').length === 0 : known.some((state) => state !== 'Z' && state !== 'X')
}

const CAP_SYS_NICE = 23n
/** Of the system's limit: 20 stands for the nice value 0. */
const NICE_LIMIT_OF_NORMAL = 20

/** Whoever may not raise a priority must not lower it: the process would stay slow. */
export function canRaisePriority(): boolean {
  const status = read('/proc/self/status')
  if (status === undefined) return process.getuid?.() === 0
  const capabilities = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  if ((capabilities >> CAP_SYS_NICE) & 1n) return true
  const limit = /^Max nice priority\s+(\d+)/m.exec(read('/proc/self/limits') ?? '')?.[1] ?? '0'
  return Number(limit) >= NICE_LIMIT_OF_NORMAL
}
