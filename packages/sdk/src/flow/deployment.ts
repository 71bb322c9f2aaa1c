/** A flow as a deployment that this process can run. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FlowDefinition, Runnable, ServedDeployment } from './definition.ts'
import { checkName } from './names.ts'
import type { DeploymentOptions } from './options.ts'
import { processOptionsOf } from './plan-served.ts'
import { triggersOf } from './triggers.ts'

function entryFileBytes(): Buffer {
  try {
    return readFileSync(process.argv[1] ?? '')
  } catch {
    return Buffer.alloc(0) // no entry file, as in `node --eval`: the function's own text must do
  }
}

/** What the code is called when nobody named it: 16 hex characters over the entry file, the function and the flow's name. */
export const versionOf = ({ fn, name }: FlowDefinition): string =>
  createHash('sha256').update(entryFileBytes()).update(String(fn)).update(name).digest('hex').slice(0, 16)

export function toDeployment(flow: Runnable, given: DeploymentOptions = {}): ServedDeployment {
  const { definition } = flow
  const { options } = definition
  return {
    offer: {
      flow_name: definition.name,
      name: checkName('deployment', given.name ?? definition.name),
      version: given.version ?? versionOf(definition),
      entrypoint: given.entrypoint ?? null,
      description: given.description ?? options.description ?? null,
      tags: given.tags ?? options.tags ?? [],
      parameters: given.defaults ?? {},
      parameter_schema: definition.parameterSchema,
      triggers: triggersOf(given.on, given.parameters),
      retries: options.retries ?? 0,
      retry_delay_ms: Math.round(options.retryDelayMs ?? 0),
    },
    load: () => flow,
    versionGiven: given.version !== undefined,
    timeoutMs: options.timeoutMs,
    processes: processOptionsOf(given),
  }
}
