/** The program that a host's processes run, and how they are told to run it. */
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { AppError } from '@pilotflame/core'
import type { Program } from '../bundle/bundle-program.ts'

export interface HostedProgram {
  readonly program: Pick<Program, 'file' | 'text'>
  readonly args: readonly string[]
  readonly execArgv: readonly string[]
}

/** Options of Node that are about this one process, and not about how its code runs. */
const OWN_OPTION = /^--(?:inspect|watch|test|cpu-prof|heap-prof|prof|max-old-space-size|experimental-sea)(?:$|[-=])/
/** These take their value as the next argument. */
const WITH_VALUE = /^--watch-path$/

/** What of Node's options the processes get too, such as `--env-file` or `--import`. */
export function nodeOptionsFor(execArgv: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < execArgv.length; at++) {
    const option = execArgv[at] ?? ''
    if (!OWN_OPTION.test(option)) kept.push(option)
    else if (WITH_VALUE.test(option)) at++
  }
  return ['--disable-warning=ExperimentalWarning', ...kept]
}

function realFile(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  return createRequire(resolve('.', 'here.js')).resolve(resolve(path)) // `node hello` for hello.js
}

/** The program of a Node process. Throws `invalid_request` where it has no file. */
export function programOf({ argv, execArgv }: Pick<NodeJS.Process, 'argv' | 'execArgv'>): HostedProgram {
  const [, file, ...args] = argv
  if (file === undefined) {
    throw new AppError('invalid_request', '"isolation" needs a program in a file, and this one has none. Write it to a file.')
  }
  return { program: { file: realFile(file) }, args, execArgv: nodeOptionsFor(execArgv) }
}
