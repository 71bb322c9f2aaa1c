/** How the processes of a deployment are kept, with `isolation`: what may be given, the defaults, and what is refused. */
import { AppError, type Isolation, PROCESS_DEFAULTS, type ProcessLimits } from '@pilotflame/core'
import type { OnStart } from '../child/start-hooks.ts'

export interface WarmOptions {
  /**
   * How many processes are ready or on their way to it at any time, beside those at work. 0 keeps none: each run then
   * waits until one has started. Default: 1.
   */
  readonly min?: number
  /** The most processes of one deployment, those at work included; more runs wait on the server. Default: 8, or `min`. */
  readonly max?: number
  /** After how long a ready process beyond those that are wanted leaves, in milliseconds. Default: 60 000. */
  readonly idleMs?: number
}

export interface ProcessOptions {
  /**
   * `fresh` gives each run a process of its own, which has loaded the code before the run came and leaves after it.
   * `reuse` gives a process one run after the other. Default: runs share this process.
   */
  readonly isolation?: Isolation
  /** How many processes are kept ready. Needs `isolation`. */
  readonly warm?: WarmOptions
  /**
   * The memory one process may take, in megabytes, from 64. Past it, its run ends with "out of memory". Needs `isolation`.
   * Default: 512.
   */
  readonly memoryMbMax?: number
  /**
   * What a cancelled run gets to end by itself before its process group is sent SIGTERM, in milliseconds. Needs
   * `isolation`. Default: 5 000.
   */
  readonly cancelGraceMs?: number
  /** What its process group gets after SIGTERM before SIGKILL, in milliseconds. Needs `isolation`. Default: 2 000. */
  readonly killGraceMs?: number
  /** After so many runs a process is replaced. Needs `isolation: 'reuse'`. Default: 1 000. */
  readonly runsMax?: number
  /** After so long a process is replaced, in milliseconds; its run ends first. Needs `isolation: 'reuse'`. Default: 3 600 000. */
  readonly ageMsMax?: number
  /** Variables of the environment that reach the processes of this deployment alone. Needs `isolation`. Default: none. */
  readonly env?: Readonly<Record<string, string>>
  /**
   * Called once in each process before it takes runs: open connections here, and load what is large. It may return a
   * clean-up, which is called before the process leaves. When it throws, the process takes no runs. Default: nothing.
   */
  readonly onStart?: OnStart
}

/** What a host needs to know of one deployment's processes. */
export interface ProcessPlan extends ProcessLimits {
  readonly env: Readonly<Record<string, string>>
}

const bad = (sentence: string): AppError => new AppError('invalid_request', sentence)

function checkNumber(name: string, value: number | undefined, min: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min)) return
  throw bad(`"${name}" is ${value}. Give a whole number from ${min}.`)
}

const NEED_ISOLATION = ['warm', 'memoryMbMax', 'cancelGraceMs', 'killGraceMs', 'runsMax', 'ageMsMax', 'env'] as const
const OF_REUSE = ['runsMax', 'ageMsMax'] as const

function checkIsolation(options: ProcessOptions): void {
  const { isolation } = options
  if (isolation !== undefined && isolation !== 'fresh' && isolation !== 'reuse') {
    throw bad(`"isolation" is ${JSON.stringify(isolation)}. Give "fresh" or "reuse", or leave it out.`)
  }
  for (const name of isolation === undefined ? NEED_ISOLATION : []) {
    if (options[name] !== undefined) throw bad(`"${name}" is about processes of their own. Give isolation: "fresh" with it.`)
  }
  for (const name of isolation === 'fresh' ? OF_REUSE : []) {
    if (options[name] !== undefined) throw bad(`"${name}" is about processes that take several runs. Give isolation: "reuse".`)
  }
}

function checkEnv(env: Readonly<Record<string, string>> | undefined): void {
  for (const [name, value] of Object.entries(env ?? {})) {
    if (name === '' || name.includes('=') || name.includes('\0')) {
      throw bad(`"env" has the name ${JSON.stringify(name)}, which is no variable's.`)
    }
    if (typeof value !== 'string' || value.includes('\0')) throw bad(`"env.${name}" is no text. Give every variable as text.`)
  }
}

/** Throws `invalid_request` for what makes no sense. */
export function checkProcessOptions(options: ProcessOptions): void {
  checkIsolation(options)
  const { warm, onStart } = options
  checkNumber('warm.min', warm?.min, 0)
  checkNumber('warm.max', warm?.max, 1)
  checkNumber('warm.idleMs', warm?.idleMs, 0)
  if (warm?.min !== undefined && warm.max !== undefined && warm.min > warm.max) {
    throw bad(`"warm.min" is ${warm.min}, more than "warm.max" (${warm.max}). Raise the second or lower the first.`)
  }
  checkNumber('memoryMbMax', options.memoryMbMax, 64)
  checkNumber('cancelGraceMs', options.cancelGraceMs, 0)
  checkNumber('killGraceMs', options.killGraceMs, 0)
  checkNumber('runsMax', options.runsMax, 1)
  checkNumber('ageMsMax', options.ageMsMax, 1)
  checkEnv(options.env)
  if (onStart !== undefined && typeof onStart !== 'function') throw bad('"onStart" is no function. Give one, or leave it out.')
}

/** `options` with the defaults in the gaps; undefined where runs share this process. */
export function planProcesses(options: ProcessOptions, timeoutMs: number | undefined): ProcessPlan | undefined {
  const { isolation, warm = {}, env = {} } = options
  if (isolation === undefined) return undefined
  const defaults = PROCESS_DEFAULTS
  const min = warm.min ?? Math.min(defaults.warm.min, warm.max ?? defaults.warm.min)
  return {
    isolation,
    warm: { min, max: warm.max ?? Math.max(defaults.warm.max, min), idleMs: warm.idleMs ?? defaults.warm.idleMs },
    memoryMbMax: options.memoryMbMax ?? defaults.memoryMbMax,
    cancelGraceMs: options.cancelGraceMs ?? defaults.cancelGraceMs,
    killGraceMs: options.killGraceMs ?? defaults.killGraceMs,
    runsMax: options.runsMax ?? defaults.runsMax,
    ageMsMax: options.ageMsMax ?? defaults.ageMsMax,
    timeoutMs: timeoutMs ?? null,
    env,
  }
}
