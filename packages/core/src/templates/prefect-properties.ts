/** What Prefect's objects have beside their fields, and templates written for it use: `event.resource.name`, `labels.a.b`. */
import { isObject } from '../json.ts'

type Labels = Readonly<Record<string, unknown>>

const ID = 'prefect.resource.id'
const OF_RESOURCE: ReadonlySet<string> = new Set(['id', 'name', 'role'])

/** Labels by their whole names and by the parts between the dots: `labels['a.b']` and `labels.a.b`. */
export function labelTree(labels: Labels): Labels {
  const tree: Record<string, unknown> = Object.create(null)
  for (const [label, value] of Object.entries(labels)) {
    let branch = tree
    const parts = label.split('.')
    const last = parts.pop() ?? ''
    for (const part of parts) {
      const known = branch[part]
      const next: Record<string, unknown> = isObject(known) ? known : Object.create(null)
      branch[part] = next
      branch = next
    }
    // Where one label begins another, the longer ones stay reachable.
    if (!isObject(branch[last])) branch[last] = value
  }
  for (const [label, value] of Object.entries(labels)) if (!isObject(tree[label])) tree[label] = value
  return tree
}

/** Related resources by their role: the first of each, or all. */
function byRole(related: readonly unknown[], all: boolean): Labels {
  const roles: Record<string, unknown> = Object.create(null)
  for (const resource of related) {
    const role = isObject(resource) ? String(resource['prefect.resource.role']) : ''
    const known = roles[role]
    if (all) roles[role] = [...(Array.isArray(known) ? known : []), resource]
    else roles[role] = known ?? resource
  }
  return roles
}

/** True for a name that `prefectProperty` may know. */
export const isPrefectProperty = (name: string): boolean =>
  OF_RESOURCE.has(name) || name === 'labels' || name === 'resource_in_role' || name === 'resources_in_role'

/** The property of a resource or an event that is none of its fields; `undefined` where there is none. */
export function prefectProperty(object: Labels, name: string): unknown {
  if (Object.hasOwn(object, ID)) {
    if (name === 'labels') return labelTree(object)
    return OF_RESOURCE.has(name) && Object.hasOwn(object, `prefect.resource.${name}`)
      ? object[`prefect.resource.${name}`]
      : undefined
  }
  const isEvent = Object.hasOwn(object, 'resource') && Array.isArray(object.related)
  if (!isEvent || !(name === 'resource_in_role' || name === 'resources_in_role')) return undefined
  return byRole(object.related as readonly unknown[], name === 'resources_in_role')
}
