/** `pilot deployment pause|resume`: runs of a paused deployment wait. */
import type { Context } from '../context.ts'
import { EXIT } from '../errors.ts'
import { fullName, resolveDeployment } from '../resolve-named.ts'

export async function pauseDeployment({ client, out }: Context, name: string, paused: boolean): Promise<number> {
  const deployment = await resolveDeployment(client, name)
  const params = { id: deployment.id }
  if (paused) await client.call('POST /deployments/{id}/pause_deployment', { params })
  else await client.call('POST /deployments/{id}/resume_deployment', { params })
  out.document(await client.deployment(deployment.id))
  const what = paused ? 'is paused: its runs wait until it is resumed' : 'is resumed: runs that waited start now'
  out.line(`${out.colors.green('✓')} ${out.colors.bold(fullName(deployment))} ${what}.`)
  return EXIT.done
}
