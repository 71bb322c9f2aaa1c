/** How a process came to its end: the kind for the server, and the sentence that people read. Pure. */
import { type ChildEndKind, describeStages, type StopStage } from '@pilotflame/core'
import type { Killed } from './child.ts'
import type { ChildExit } from './host-ports.ts'

export interface EndFacts {
  readonly exit: ChildExit
  /** Null where its host did not kill it. */
  readonly killed: Killed | null
  /** V8 said that its heap is full. */
  readonly heapExhausted: boolean
  /** The error that it said it ends with; null where it said none. */
  readonly said?: string | null
  readonly memoryMbMax: number
  /** Empty where its run was not told to stop. */
  readonly stages: readonly StopStage[]
  /** Its host has asked it to leave, and it had no run. */
  readonly leaving: boolean
}

export const outOfMemory = (memoryMbMax: number): string => `out of memory at ${memoryMbMax} MB`

/** `1 000 ms`. */
export const ranLonger = (timeoutMs: number): string => `ran longer than ${String(timeoutMs).replace(/\B(?=(\d{3})+$)/g, ' ')} ms`

const exitMessage = ({ code, signal, reason }: ChildExit, said: string | null): string => {
  if (reason !== undefined) return reason
  if (signal !== null) return `killed by ${signal}`
  return `exit code ${code ?? 0}${code === 0 || said === null ? '' : `: ${said}`}`
}

/** A shell's way to say that a signal ended it. */
const SIGNAL_CODES = 128

export function describeEnd(facts: EndFacts): { readonly kind: ChildEndKind; readonly message: string } {
  const { exit, killed, heapExhausted, memoryMbMax, stages, leaving } = facts
  if (killed) return killed
  if (heapExhausted && (exit.signal !== null || (exit.code ?? 0) >= SIGNAL_CODES)) {
    return { kind: 'memory', message: outOfMemory(memoryMbMax) }
  }
  if (stages.some(({ stage }) => stage === 'SIGTERM' || stage === 'SIGKILL')) {
    return { kind: 'cancel', message: describeStages(stages) }
  }
  if (leaving && (exit.code === 0 || exit.signal === 'SIGTERM')) return { kind: 'retired', message: 'its host let it go' }
  return { kind: exit.signal === null ? 'exit' : 'signal', message: exitMessage(exit, facts.said ?? null) }
}
