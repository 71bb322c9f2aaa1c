/** Parameter schemas, compiled once per deployment and schema. */
import { compileParameterSchema, type Deployment, type Fault, type Parameters } from '@pilotflame/core'

type Check = (parameters: Parameters) => readonly Fault[]

export class SchemaCache {
  readonly #checks = new Map<string, { readonly source: string; readonly check: Check }>()

  /** What is wrong with `parameters` for this deployment; empty where nothing is, or where nobody wants to know. */
  faults(deployment: Deployment, parameters: Parameters, enforce = deployment.enforceParameterSchema): readonly Fault[] {
    if (!enforce || deployment.parameterSchema === null) return []
    const source = `${deployment.updatedAt}`
    let entry = this.#checks.get(deployment.id)
    if (entry?.source !== source) {
      entry = { source, check: compileParameterSchema(deployment.parameterSchema) }
      this.#checks.set(deployment.id, entry)
    }
    return entry.check(parameters)
  }
}
