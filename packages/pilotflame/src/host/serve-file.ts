/** A host for flows that a file exports: its processes run a small program that serves them. */
import { AppError } from '@pilotflame/core'
import type { AnyFlow, ProcessOptions, ServedDeployment, ServeOptions } from '@pilotflame/sdk'
import { planServed, serveHosted } from '@pilotflame/sdk/internal'
import { nodeOptionsFor } from './hosted-program.ts'
import { hostOf } from './start-host.ts'

export interface FileToServe {
  readonly path: string
  readonly flows: readonly [string, AnyFlow][]
  readonly deployments: readonly ServedDeployment[]
  readonly processes: ProcessOptions
  /** The deployment's, where it is not the flow's. */
  readonly name?: string
}

/** Each process takes the one deployment that it was started for: the other calls wait for ever. */
export function programText({ path, flows, name }: Pick<FileToServe, 'path' | 'flows' | 'name'>): string {
  const options = JSON.stringify(name === undefined ? {} : { name })
  const calls = flows.map(([exported]) => `void file[${JSON.stringify(exported)}].serve(${options})\n`)
  return `import * as file from ${JSON.stringify(path)}\n${calls.join('')}`
}

export async function serveFileHosted(file: FileToServe, options: ServeOptions): Promise<void> {
  const hosted = planServed(file.deployments, file.processes)
  if (!hosted) throw new AppError('invalid_request', 'Say --isolation fresh or --isolation reuse.')
  const program = { program: { file: file.path, text: programText(file) }, args: [], execArgv: nodeOptionsFor(process.execArgv) }
  await serveHosted(file.deployments, hosted, options, hostOf(program))
}
