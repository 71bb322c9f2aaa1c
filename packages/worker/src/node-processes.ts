/**
 * A host's processes as this machine has them. Each is the leader of a process group of its own, so that it can be
 * ended with all that it started.
 *
 * 1. When a process is gone, what is left of its group is killed before anybody is told.
 * 2. When the host exits, so do all groups. After a `kill -9` of the host its processes see their channel close, and
 *    what does not leave is killed by the guard.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { type ChildMessage, isObject } from '@pilotflame/core'
import { GroupGuard } from './group-guard.ts'
import type { ChildEvents, ChildExit, HostClock, HostProcesses, OutputStream, ProcessSample } from './host-ports.ts'
import { OutputLines } from './output-lines.ts'

/** The last lines of a process that is gone are waited for so long; a stranger may hold its pipes open. */
const LAST_LINES_MS = 100
const LOW_PRIORITY = 10
const CAP_SYS_NICE = 23n

export const nodeClock = (): HostClock => ({
  monotonic: () => Number(process.hrtime.bigint()) / 1000,
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  },
})

/** Passes over what is gone already. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Nobody is there any more.
  }
}

/** The leaders that are there. Keeps 2. */
class Groups {
  readonly #leaders = new Set<number>()
  readonly #guard = new GroupGuard()
  #watchesExit = false

  has(pid: number): boolean {
    return this.#leaders.has(pid)
  }

  add(pid: number): void {
    this.#leaders.add(pid)
    this.#guard.add(pid)
    if (this.#watchesExit) return
    this.#watchesExit = true
    process.on('exit', () => {
      for (const leader of this.#leaders) kill(-leader, 'SIGKILL')
    })
  }

  remove(pid: number): void {
    this.#leaders.delete(pid)
    this.#guard.remove(pid)
  }
}

const groups = new Groups()

function readLines(child: ChildProcess, stream: OutputStream, { line }: ChildEvents): void {
  const lines = new OutputLines((text) => line(stream, text))
  child[stream]?.on('data', (bytes: Buffer) => lines.push(bytes))
  child[stream]?.on('end', () => lines.end())
  child[stream]?.on('error', () => undefined)
}

const isChildMessage = (message: unknown): message is ChildMessage =>
  isObject(message) && (message.type === 'ready' || message.type === 'failed' || message.type === 'ended')

function watchExit(child: ChildProcess, pid: number, events: ChildEvents): void {
  let ended: ChildExit | undefined
  let timer: NodeJS.Timeout | undefined
  const tell = () => {
    clearTimeout(timer)
    if (!ended) return
    const exit = ended
    ended = undefined
    for (const stream of [child.stdout, child.stderr]) stream?.destroy()
    events.exit(exit)
  }
  child.on('exit', (code, signal) => {
    kill(-pid, 'SIGKILL') // Keeps 1.
    groups.remove(pid)
    ended = { code, signal }
    timer = setTimeout(tell, LAST_LINES_MS)
  })
  child.on('close', tell)
}

function start(spec: Parameters<HostProcesses['spawn']>[0], events: ChildEvents): number | undefined {
  const child = spawn(process.execPath, [...spec.execArgv, spec.file, ...spec.args], {
    detached: true,
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const { pid } = child
  child.on('error', (error) => {
    if (pid === undefined) events.exit({ code: null, signal: null, reason: `could not be started: ${error.message}` })
  })
  if (pid === undefined) return undefined
  groups.add(pid)
  readLines(child, 'stdout', events)
  readLines(child, 'stderr', events)
  child.on('message', (message) => {
    if (isChildMessage(message)) events.message(message)
  })
  watchExit(child, pid, events)
  return pid
}

/** From `/proc`; on other systems nothing is known, and V8's own bound on its heap is left. */
function sample(pid: number): ProcessSample | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const state = /^State:\s+(\S)/m.exec(status)?.[1]
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
    return { rssMb: kilobytes / 1024, stopped: state === 'T' }
  } catch {
    return null
  }
}

/** Whoever may not raise a priority must not lower it: the process would stay slow. */
function canRaisePriority(): boolean {
  try {
    const capabilities = /^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
    if ((BigInt(`0x${capabilities}`) >> CAP_SYS_NICE) & 1n) return true
    const niceMax = /^Max nice priority\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? '0'
    return Number(niceMax) >= 20 // 20 allows a nice value of 0
  } catch {
    return process.getuid?.() === 0
  }
}

/** On Linux a priority is one of a thread. */
function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return [pid]
  }
}

function setPriorityOf(pid: number, priority: number): void {
  for (const thread of threadsOf(pid)) {
    try {
      setPriority(thread, priority)
    } catch {
      // It is gone, or the system does not allow it.
    }
  }
}

export function nodeProcesses(): HostProcesses {
  const mayLower = canRaisePriority()
  const lowered = new Set<number>()
  return {
    spawn: start,
    signal(pid, signal, { group }) {
      if (groups.has(pid)) kill(group ? -pid : pid, signal) // the id of one that is gone may be somebody else's by now
    },
    sample,
    lowPriority(pid) {
      if (!mayLower) return
      lowered.add(pid)
      setPriorityOf(pid, LOW_PRIORITY)
    },
    normalPriority(pid) {
      if (lowered.delete(pid)) setPriorityOf(pid, 0)
    },
  }
}
