/** Makes this process a host: bundles the program that its processes run, and keeps them ready. Loaded late. */
import { basename } from 'node:path'
import { readServerAddress } from '@pilotflame/sdk'
import type { HostedDeployment, RunningHost, StartHost } from '@pilotflame/sdk/internal'
import { type HostDeployment, startHost } from '@pilotflame/worker'
import { type Bundle, bundleProgram } from '../bundle/bundle-program.ts'
import { compiledCode } from './code-cache.ts'
import { type HostedProgram, programOf } from './hosted-program.ts'

function toHostDeployment(
  { offer, versionGiven, plan }: HostedDeployment,
  program: HostedProgram,
  bundle: Bundle,
): HostDeployment {
  const { env, ...limits } = plan
  const compiled = compiledCode(bundle, { ...process.env, ...env })
  return {
    ...limits,
    offer: versionGiven ? offer : { ...offer, version: bundle.version },
    command: {
      file: bundle.path,
      args: program.args,
      execArgv: [...program.execArgv, ...compiled.execArgv], // last: its program comes next
      env: { ...compiled.env, ...env },
    },
  }
}

/** Starts hosts for one program. */
export const hostOf =
  (program: HostedProgram): StartHost =>
  async ({ deployments, signal, onNotice, ...server }): Promise<RunningHost> => {
    const bundle = await bundleProgram({ ...program.program, whole: true })
    return startHost({
      ...server,
      name: basename(program.program.file),
      deployments: deployments.map((one) => toHostDeployment(one, program, bundle)),
      signal,
      onNotice,
    })
  }

/** For the program that this process runs. */
export const startHostOfThisProgram: StartHost = (options) => {
  readServerAddress(options) // a wrong address is said before anything is bundled
  return hostOf(programOf(process))(options)
}
