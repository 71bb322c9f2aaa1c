/**
 * A host's processes as this machine has them. Each is the leader of a process group of its own, so that it can be
 * ended with all that it started.
 *
 * 1. When a process is gone, what is left of its group is killed before anybody is told.
 * 2. When the host exits, so do all groups. After a `kill -9` of the host its processes see their channel close, and
 *    what does not leave is killed by the guard.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { type ChildMessage, isObject } from '@pilotflame/core'
import { GroupGuard } from './group-guard.ts'
import type { ChildEvents, ChildExit, HostClock, HostProcesses, OutputStream } from './host-ports.ts'
import { OutputLines } from './output-lines.ts'
import { canRaisePriority, isGroupThere, sampleProcess, threadsOf } from './process-table.ts'

/** From the exit of a process until its end is told at the latest: a stranger may hold its pipes, or nobody reap its own. */
const LAST_MS = 200
const GONE_ROUND_MS = 5
const LOW_PRIORITY = 10

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

/** Tells of the end when the group is gone and the last lines were read, or when that has taken too long. Keeps 1. */
function watchExit(child: ChildProcess, pid: number, events: ChildEvents): void {
  let ended: ChildExit | undefined
  let late: NodeJS.Timeout | undefined
  const tell = () => {
    clearTimeout(late)
    const exit = ended
    ended = undefined
    for (const stream of [child.stdout, child.stderr]) stream?.destroy()
    if (exit) events.exit(exit)
  }
  const tellWhenGone = () => {
    if (ended && isGroupThere(pid)) setTimeout(tellWhenGone, GONE_ROUND_MS)
    else tell()
  }
  child.on('exit', (code, signal) => {
    kill(-pid, 'SIGKILL')
    groups.remove(pid)
    ended = { code, signal }
    late = setTimeout(tell, LAST_MS)
  })
  child.on('close', tellWhenGone)
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
    sample: sampleProcess,
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
