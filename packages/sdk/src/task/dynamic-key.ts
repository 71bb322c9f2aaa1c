/** Which call of a task this is: what its recorded result is found by when the run starts again. */
import { hash } from 'node:crypto'
import { AppError, canonicalJson, encodeValue } from '@pilotflame/core'
import type { TaskCalls } from '../run/context.ts'
import type { TaskOptions } from './options.ts'

function digestOf(name: string, args: readonly unknown[]): string {
  try {
    return hash('sha256', canonicalJson(encodeValue(args)), 'hex').slice(0, 32)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `The arguments of the task "${name}" cannot be recorded: ${reason} Give the task a key: task('${name}', …, { key: (…) => '…' }).`
    throw new AppError('task_key_missing', message, { cause: error })
  }
}

/** Throws `task_key_missing` for arguments that cannot be encoded, `invalid_request` for a key that is no text. */
export function dynamicKeyOf(
  name: string,
  options: TaskOptions,
  args: readonly unknown[],
  calls: TaskCalls,
): { dynamicKey: string; own: boolean } {
  if (options.durable === false && options.key === undefined) {
    return { dynamicKey: `call-${calls.count(calls.occurrences, name)}`, own: false }
  }
  if (options.key === undefined) {
    const digest = digestOf(name, args)
    return { dynamicKey: `${digest}-${calls.count(calls.occurrences, `${name}\n${digest}`)}`, own: false }
  }
  const key = typeof options.key === 'string' ? options.key : options.key(...(args as readonly never[]))
  if (typeof key === 'string' && key !== '') return { dynamicKey: key, own: true }
  throw new AppError(
    'invalid_request',
    `The key of the task "${name}" is ${String(key) || 'empty'}. Give a text that is not empty.`,
  )
}
