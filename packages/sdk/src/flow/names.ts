/** Names of flows, deployments and tasks follow Prefect's rule, so that they can stand in its addresses. */
import { AppError } from '@pilotflame/core'

const FORBIDDEN = /[/%&><]/

/** `name`, when it can be one. Throws `invalid_request`. */
export function checkName(kind: 'flow' | 'task' | 'deployment', name: string): string {
  if (name === '') throw new AppError('invalid_request', `A ${kind} needs a name that is not empty. Give one as a string.`)
  const forbidden = FORBIDDEN.exec(name)?.[0]
  if (forbidden === undefined) return name
  throw new AppError('invalid_request', `The ${kind} name "${name}" has "${forbidden}" in it. Leave out / % & > and <.`)
}

/** The function's own name with `_` as `-`. Throws `invalid_request` for a function without one. */
export function nameOfFunction(kind: 'flow' | 'task', fn: { readonly name: string }): string {
  if (fn.name === '') {
    throw new AppError('invalid_request', `This function has no name of its own. Give the ${kind} one: ${kind}('my-${kind}', …).`)
  }
  return checkName(kind, fn.name.replaceAll('_', '-'))
}

/** Reads the arguments of `flow` and `task`: with a name in front or without. */
export function readDefinition<F extends { readonly name: string }, O>(
  kind: 'flow' | 'task',
  parts: readonly [string | F, (F | O)?, O?],
): { name: string; fn: F; options: O | undefined } {
  const [first, second, third] = parts
  if (typeof first === 'string') {
    if (typeof second !== 'function') {
      throw new AppError('invalid_request', `${kind}('${first}', …) needs a function as its second argument.`)
    }
    return { name: checkName(kind, first), fn: second as unknown as F, options: third }
  }
  if (typeof first !== 'function')
    throw new AppError('invalid_request', `${kind}(…) needs a name or a function as its first argument.`)
  return { name: nameOfFunction(kind, first), fn: first, options: second as O | undefined }
}
