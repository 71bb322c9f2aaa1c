/**
 * Which call of a task this is: what its recorded result is found by when the run starts again.
 *
 * A recorded task is not called again, and with it none of the calls inside of it. So these are counted within that
 * task alone: otherwise a later call of the run would be taken for one of them, and never run.
 */
import { hash } from 'node:crypto'
import { AppError, canonicalJson, encodeValue } from '@pilotflame/core'
import type { Context } from '../run/context.ts'
import type { TaskOptions } from './options.ts'

function digestOf(name: string, args: readonly unknown[], within: string | null): string {
  try {
    const text = canonicalJson(encodeValue(args))
    return hash('sha256', within === null ? text : `${within}\n${text}`, 'hex').slice(0, 32)
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
  { host: { calls }, within }: Context,
): { dynamicKey: string; own: boolean } {
  if (options.durable === false && options.key === undefined) {
    const prefix = within === null ? 'call' : `call-${within}`
    return { dynamicKey: `${prefix}-${calls.count(calls.occurrences, `${name}\n${prefix}`)}`, own: false }
  }
  if (options.key === undefined) {
    const digest = digestOf(name, args, within)
    return { dynamicKey: `${digest}-${calls.count(calls.occurrences, `${name}\n${digest}`)}`, own: false }
  }
  const key = typeof options.key === 'string' ? options.key : options.key(...(args as readonly never[]))
  if (typeof key === 'string' && key !== '') return { dynamicKey: key, own: true }
  throw new AppError(
    'invalid_request',
    `The key of the task "${name}" is ${String(key) || 'empty'}. Give a text that is not empty.`,
  )
}
