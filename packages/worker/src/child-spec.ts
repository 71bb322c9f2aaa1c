/** How a process of a deployment is started, and what it is told of itself. */
import { CHILD_VARIABLE, type ChildIdentity } from '@pilotflame/core'
import type { HostDeployment } from './host-options.ts'
import type { ChildSpec } from './host-ports.ts'

export interface ServerOfHost {
  readonly apiUrl: string
  readonly authString: string | null
  /** Its unix socket, where the host reaches it by that: the processes then need not ask for it. */
  readonly socket: string | null
}

export const nameOf = ({ offer }: Pick<HostDeployment, 'offer'>): string => `${offer.flow_name}/${offer.name}`

export function specOf(deployment: HostDeployment, hostSessionId: string, server: ServerOfHost): ChildSpec {
  const { command, offer, isolation, memoryMbMax, runsMax } = deployment
  const identity: ChildIdentity = {
    deployment: nameOf(deployment),
    version: offer.version,
    host_session_id: hostSessionId,
    uses: isolation === 'fresh' ? 1 : runsMax,
    api_url: server.apiUrl,
    auth_string: server.authString,
    socket: server.socket,
  }
  return {
    name: nameOf(deployment),
    file: command.file,
    args: command.args,
    execArgv: [...(command.execArgv ?? []), `--max-old-space-size=${memoryMbMax}`],
    env: { ...command.env, [CHILD_VARIABLE]: JSON.stringify(identity) },
    cwd: command.cwd,
  }
}
