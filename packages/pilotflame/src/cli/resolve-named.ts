/** Finds deployments and automations by their names or ids; what is missing is answered with the nearest name. */
import { AppError, type AutomationWire, type Client, type DeploymentWire, isUuid, nearest } from '@pilotflame/core'

export const fullName = ({ flow_name, name }: DeploymentWire): string => `${flow_name}/${name}`

const PAGE = 200

/** Every row of a list, page by page. */
export async function allPages<T>(list: (page: { limit: number; offset: number }) => Promise<readonly T[]>): Promise<T[]> {
  const rows: T[] = []
  for (;;) {
    const page = await list({ limit: PAGE, offset: rows.length })
    rows.push(...page)
    if (page.length < PAGE) return rows
  }
}

async function deploymentsNamed(client: Client, text: string): Promise<DeploymentWire[]> {
  if (isUuid(text)) return client.filterDeployments({ deployments: { id: { any_: [text] } } })
  const slash = text.indexOf('/')
  const name = text.slice(slash + 1)
  const found = await client.filterDeployments({ deployments: { name: { any_: [name] } } })
  return slash < 0 ? found : found.filter(({ flow_name }) => flow_name === text.slice(0, slash))
}

/** By `flow/deployment`, by the second part alone where that is unique, or by id. */
export async function resolveDeployment(client: Client, text: string): Promise<DeploymentWire> {
  const found = await deploymentsNamed(client, text)
  const [deployment] = found
  if (deployment && found.length === 1) return deployment
  if (deployment) {
    const names = found.map(fullName).join(', ')
    throw new AppError('ambiguous_name', `Several deployments are called "${text}". Say which one: ${names}.`)
  }
  const all = await allPages((page) => client.filterDeployments(page))
  if (all.length === 0) {
    throw new AppError('deployment_not_found', 'There is no deployment yet. Serve a flow: pilot serve FILE:EXPORT --name NAME.')
  }
  const near = nearest(
    text,
    all.flatMap((one) => [one.name, fullName(one)]),
  )
  const hint = near === undefined ? 'List them with "pilot deployment ls".' : `Did you mean ${near}?`
  throw new AppError('deployment_not_found', `There is no deployment "${text}". ${hint}`)
}

/** By name or id. */
export async function resolveAutomation(client: Client, text: string): Promise<AutomationWire> {
  const by = isUuid(text) ? { id: { any_: [text] } } : { name: { any_: [text] } }
  const found = await client.automations.list({ automations: by })
  const [automation] = found
  if (automation && found.length === 1) return automation
  if (automation) {
    const ids = found.map(({ id }) => id).join(', ')
    throw new AppError('ambiguous_name', `Several automations are called "${text}". Say which one by its id: ${ids}.`)
  }
  const all = await allPages((page) => client.automations.list(page))
  const near = nearest(
    text,
    all.map(({ name }) => name),
  )
  const hint = near === undefined ? 'List them with "pilot automation ls".' : `Did you mean "${near}"?`
  throw new AppError('automation_not_found', `There is no automation "${text}". ${hint}`)
}
