/** Everything that a host needs from outside. A simulation puts others in their place and runs the host as it is. */
import type { ChildEndFrame, ChildMessage, DrainFrame, Ms, PoolFrame } from '@pilotflame/core'

export interface HostClock {
  /** The machine's monotonic clock in microseconds. */
  monotonic(): number
  /** Calls back after `delayMs`; returns a way to stop it. */
  after(delayMs: Ms, callback: () => void): () => void
}

export interface ChildSpec {
  /** For people: `flow/deployment`. */
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly execArgv: readonly string[]
  /** Comes after the host's own environment. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | undefined
}

export type OutputStream = 'stdout' | 'stderr'

export interface ChildExit {
  readonly code: number | null
  readonly signal: string | null
  /** Set where it could not be started at all, and why. */
  readonly reason?: string
}

/** What a process tells; `exit` comes once and last. */
export interface ChildEvents {
  message(message: ChildMessage): void
  line(stream: OutputStream, text: string): void
  /** It is gone, and so is what was left of its process group. */
  exit(exit: ChildExit): void
}

export interface ProcessSample {
  readonly rssMb: number
  /** By SIGSTOP or the like. */
  readonly stopped: boolean
}

export interface HostProcesses {
  /** Starts it as the leader of a process group of its own. Undefined where it could not be; then `exit` says why, later. */
  spawn(spec: ChildSpec, events: ChildEvents): number | undefined
  /** To the process, or to its whole group. One that is gone is passed over. */
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL', to: { readonly group: boolean }): void
  /** Null where nothing is known of it. */
  sample(pid: number): ProcessSample | null
  /** Gives way to others. Does nothing where that could not be taken back. */
  lowPriority(pid: number): void
  normalPriority(pid: number): void
}

export type HostFrame = DrainFrame | ChildEndFrame | PoolFrame

export interface HostPorts {
  readonly clock: HostClock
  readonly processes: HostProcesses
  /** Drops the frame where the channel is away. */
  send(frame: HostFrame): void
}
