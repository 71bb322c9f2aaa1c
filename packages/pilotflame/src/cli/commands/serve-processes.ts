/** `--isolation`, `--warm` and `--memory` of `pilot serve`. */
import { AppError } from '@pilotflame/core'
import type { ProcessOptions, WarmOptions } from '@pilotflame/sdk'
import type { ServeFileOptions } from './serve.ts'

function wrong(option: string, value: string, form: string): never {
  throw new AppError('invalid_request', `--${option} ${value} cannot be read. Give ${form}.`)
}

function readIsolation(text: string): 'fresh' | 'reuse' {
  return text === 'fresh' || text === 'reuse' ? text : wrong('isolation', text, 'fresh or reuse')
}

/** `2` is the least, `2..6` the least and the most. */
export function readWarm(text: string): WarmOptions {
  const [, min, max] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? []
  if (min === undefined) return wrong('warm', text, 'MIN or MIN..MAX, such as 1..4')
  return { min: Number(min), ...(max === undefined ? {} : { max: Number(max) }) }
}

const readMemory = (text: string): number =>
  /^\d+$/.test(text) ? Number(text) : wrong('memory', text, 'whole megabytes, such as 256')

/** Undefined where runs share the process. Throws `invalid_request`. */
export function readProcessOptions({ isolation, warm, memory, limit }: ServeFileOptions): ProcessOptions | undefined {
  if (isolation === undefined) {
    for (const [option, value] of Object.entries({ warm, memory })) {
      if (value !== undefined) throw new AppError('invalid_request', `--${option} needs --isolation fresh or --isolation reuse.`)
    }
    return undefined
  }
  if (limit !== undefined) {
    throw new AppError('invalid_request', '--limit is about one process. With --isolation, say the most with --warm MIN..MAX.')
  }
  return {
    isolation: readIsolation(isolation),
    ...(warm === undefined ? {} : { warm: readWarm(warm) }),
    ...(memory === undefined ? {} : { memoryMbMax: readMemory(memory) }),
  }
}
