/** How many processes a deployment has, how long they live, and how they are ended. */
import type { Ms } from '../time.ts'

/** `fresh`: one run per process. `reuse`: a process takes one run after the other. */
export type Isolation = 'fresh' | 'reuse'

export interface Warm {
  /** So many are ready or on their way to it at any time, beside those at work. */
  readonly min: number
  /** The most processes of this deployment, those at work included. More runs wait. */
  readonly max: number
  /** One that is ready beyond those that are wanted leaves after so long. */
  readonly idleMs: Ms
}

export interface ProcessLimits {
  readonly isolation: Isolation
  readonly warm: Warm
  /** Of one process; past it, it is killed. */
  readonly memoryMbMax: number
  /** The flow's own limit on one attempt; null for none. */
  readonly timeoutMs: Ms | null
  /** From the abort of a cancelled run to SIGTERM for its process group. */
  readonly cancelGraceMs: Ms
  /** From SIGTERM to SIGKILL. */
  readonly killGraceMs: Ms
  /** `reuse` only: after so many runs a process is replaced. */
  readonly runsMax: number
  /** `reuse` only: after so long a process is replaced. */
  readonly ageMsMax: Ms
}

export const PROCESS_DEFAULTS = {
  warm: { min: 1, max: 8, idleMs: 60_000 },
  memoryMbMax: 512,
  timeoutMs: null,
  cancelGraceMs: 5_000,
  killGraceMs: 2_000,
  runsMax: 1_000,
  ageMsMax: 3_600_000,
} as const satisfies Omit<ProcessLimits, 'isolation'>
