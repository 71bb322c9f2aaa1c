/** The one line that `serve` prints when it is ready. */
import type { ServedDeployment } from './flow/definition.ts'
import type { ProcessPlan } from './flow/process-options.ts'
import { describeTriggers } from './flow/triggers.ts'

export const executorPlaces = (limit: number): string => `limit ${limit}`

/** `fresh processes, 2 warm`. */
export function hostPlaces(plans: readonly Pick<ProcessPlan, 'isolation' | 'warm'>[], failing = false): string {
  const kinds = new Set(plans.map(({ isolation }) => isolation))
  const kind = kinds.size > 1 ? 'fresh and reused processes' : kinds.has('fresh') ? 'fresh processes' : 'reused processes'
  if (failing) return `${kind}, which do not start yet`
  return `${kind}, ${plans.reduce((sum, { warm }) => sum + warm.min, 0)} warm`
}

/** `chatbot is ready: waiting for chat.message (limit 100) · http://127.0.0.1:4200/api`. */
export function readyLine(deployments: readonly ServedDeployment[], places: string, apiUrl: string): string {
  const where = `(${places}) · ${apiUrl}`
  const waits = ({ offer }: ServedDeployment) => describeTriggers(offer.triggers)
  const [first] = deployments
  if (deployments.length === 1 && first) return `${first.offer.name} is ready: waiting for ${waits(first) || 'runs'} ${where}`
  const names = deployments.map((one) => (waits(one) === '' ? one.offer.name : `${one.offer.name} (${waits(one)})`))
  return `${names.join(', ')} are ready ${where}`
}
