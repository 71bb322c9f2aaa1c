/**
 * Sees to it that a run in a process of its own ends when it has to: past its time limit, and stage by stage after it
 * was told to stop. The process is asked first: its own timer, and the abort that the server sends it.
 */
import type { ChildEndKind, StopStage } from '@pilotflame/core'
import type { Child, ChildRun } from './child.ts'
import { ranLonger } from './describe-end.ts'
import type { HostDeployment } from './host-options.ts'
import type { HostPorts } from './host-ports.ts'

/** What the flow's own timer gets before the host's word holds. */
const TIMEOUT_GRACE_MS = 500

export interface RunWatch {
  /** The process was given this run. */
  begin(child: Child, run: ChildRun): void
  /** The server has told its run to stop; a second time changes nothing. */
  cancel(child: Child): void
  /** Kills the whole process group. The first reason given stands. */
  kill(child: Child, kind: ChildEndKind, message: string): void
}

export function createRunWatch({ clock, processes }: HostPorts, limits: HostDeployment): RunWatch {
  const kill: RunWatch['kill'] = (child, kind, message) => {
    if (child.killed) return
    child.killed = { kind, message }
    if (child.pid !== undefined) processes.signal(child.pid, 'SIGKILL', { group: true })
  }

  const signalGroup = (child: Child, stage: Extract<StopStage['stage'], `SIG${string}`>): void => {
    if (child.cancelledAt === null || child.pid === undefined) return
    child.stages.push({ stage, after_ms: clock.monotonic() / 1000 - child.cancelledAt })
    processes.signal(child.pid, stage, { group: true })
  }

  return {
    begin(child, run) {
      child.forgetRun()
      child.run = run
      child.runs++
      const { timeoutMs } = limits
      if (timeoutMs === null) return
      child.keepTimer(clock.after(timeoutMs + TIMEOUT_GRACE_MS, () => kill(child, 'timeout', ranLonger(timeoutMs))))
    },
    cancel(child) {
      if (child.cancelledAt !== null) return
      child.stopTimers() // its stages end it now, not its time limit
      child.cancelledAt = clock.monotonic() / 1000
      child.stages = [{ stage: 'abort', after_ms: 0 }]
      const stop = () => {
        signalGroup(child, 'SIGTERM')
        child.keepTimer(clock.after(limits.killGraceMs, () => signalGroup(child, 'SIGKILL')))
      }
      child.keepTimer(clock.after(limits.cancelGraceMs, stop))
    },
    kill,
  }
}
