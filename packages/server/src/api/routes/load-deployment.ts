/** A deployment that a path names. */
import { AppError, type Deployment } from '@pilotflame/core'
import type { App } from '../../app.ts'

export const deploymentNotFound = (deployment: string): AppError =>
  new AppError('deployment_not_found', `There is no deployment ${deployment}. List them with "pilot deployment ls".`)

export async function loadDeployment({ store }: Pick<App, 'store'>, id: string): Promise<Deployment> {
  const deployment = await store.find.findDeployment(id)
  if (!deployment) throw deploymentNotFound(id)
  return deployment
}
