/** What is said of something that a user's function threw. */
import { isAppError, type Json, type StateDetails } from '@pilotflame/core'
import { cutMessage } from './log.ts'

/** 64 kB: enough for any stack that a person reads. */
const STACK_CHARACTERS_MAX = 64_000

const messageOf = (error: unknown): string => {
  if (error instanceof Error) return `${error.name}: ${error.message}`
  try {
    return typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error))
  } catch {
    return Object.prototype.toString.call(error)
  }
}

/** `ErrorName: message`, with the stack and our own errors' code as details. */
export function describeError(error: unknown): { message: string; details: StateDetails } {
  const message = cutMessage(messageOf(error), STACK_CHARACTERS_MAX)
  const traceback = error instanceof Error ? error.stack?.slice(0, STACK_CHARACTERS_MAX) : undefined
  const details: Record<string, Json> = {}
  if (traceback !== undefined) details.traceback = traceback
  if (isAppError(error)) details.code = error.code
  return { message, details }
}
